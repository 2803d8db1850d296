{{/* How the gateway proves itself to the PostgreSQL server of the state; config.state has the rest. */}}
{{- define "yitong.stateSettings" -}}
{{- with .Values.state }}
{{- if .password.existingSecret }}
- { name: YITONG_STATE_PASSWORD_FILE, value: /run/yitong/state-password/password }
{{- end }}
{{- if .installationKey.existingSecret }}
- { name: YITONG_STATE_INSTALLATION_KEY_FILE, value: /run/yitong/state-key/key }
{{- end }}
{{- if or .ca.secret .ca.configMap }}
- { name: YITONG_STATE_CA_FILE, value: /run/yitong/state-ca/ca.pem }
{{- end }}
{{- if .clientSecret }}
- { name: YITONG_STATE_CERT_FILE, value: /run/yitong/state-client/tls.crt }
- { name: YITONG_STATE_KEY_FILE, value: /run/yitong/state-client/tls.key }
{{- end }}
{{- end }}
{{- end }}

{{- define "yitong.stateMounts" -}}
{{- with .Values.state }}
{{- if .password.existingSecret }}
- { name: state-password, mountPath: /run/yitong/state-password, readOnly: true }
{{- end }}
{{- if .installationKey.existingSecret }}
- { name: state-key, mountPath: /run/yitong/state-key, readOnly: true }
{{- end }}
{{- if or .ca.secret .ca.configMap }}
- { name: state-ca, mountPath: /run/yitong/state-ca, readOnly: true }
{{- end }}
{{- if .clientSecret }}
- { name: state-client, mountPath: /run/yitong/state-client, readOnly: true }
{{- end }}
{{- end }}
{{- end }}

{{- define "yitong.stateVolumes" -}}
{{- with .Values.state }}
{{- if .password.existingSecret }}
- name: state-password
  secret: { secretName: {{ .password.existingSecret }}, defaultMode: 0440, items: [{ key: {{ .password.key | quote }}, path: password }] }
{{- end }}
{{- if .installationKey.existingSecret }}
- name: state-key
  secret: { secretName: {{ .installationKey.existingSecret }}, defaultMode: 0440, items: [{ key: {{ .installationKey.key | quote }}, path: key }] }
{{- end }}
{{- if or .ca.secret .ca.configMap }}
- name: state-ca
  {{- include "yitong.file" (dict "from" .ca "as" "ca.pem") | nindent 2 }}
{{- end }}
{{- if .clientSecret }}
- name: state-client
  secret: { secretName: {{ .clientSecret }}, defaultMode: 0440, items: [{ key: tls.crt, path: tls.crt }, { key: tls.key, path: tls.key }] }
{{- end }}
{{- end }}
{{- end }}

{{/* Ports of its servers, as JSON. */}}
{{- define "yitong.statePorts" -}}
{{- $ports := list -}}
{{- range dig "state" "servers" list .Values.config }}{{ $ports = append $ports (regexMatch ":[0-9]+$" . | ternary (regexFind "[0-9]+$" . | int) 5432) }}{{ end -}}
{{ uniq $ports | toJson }}
{{- end }}

{{/* Not empty where all replicas share what people did, so that any of them answers everything over mTLS. */}}
{{- define "yitong.shared" -}}
{{- if eq (dig "state" "driver" "embedded" .Values.config) "postgres" }}yes{{ end -}}
{{- end }}
