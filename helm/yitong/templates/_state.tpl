{{/* How the gateway proves itself to PostgreSQL servers; config.state and config.view have the rest. dict at (values) as (`state`, `view`) */}}
{{- define "yitong.serverSettings" -}}
{{- $as := .as }}
{{- with .at }}
{{- if .password.existingSecret }}
- { name: YITONG_{{ upper $as }}_PASSWORD_FILE, value: /run/yitong/{{ $as }}-password/password }
{{- end }}
{{- if dig "installationKey" "existingSecret" "" . }}
- { name: YITONG_{{ upper $as }}_INSTALLATION_KEY_FILE, value: /run/yitong/{{ $as }}-key/key }
{{- end }}
{{- if or .ca.secret .ca.configMap }}
- { name: YITONG_{{ upper $as }}_CA_FILE, value: /run/yitong/{{ $as }}-ca/ca.pem }
{{- end }}
{{- if .clientSecret }}
- { name: YITONG_{{ upper $as }}_CERT_FILE, value: /run/yitong/{{ $as }}-client/tls.crt }
- { name: YITONG_{{ upper $as }}_KEY_FILE, value: /run/yitong/{{ $as }}-client/tls.key }
{{- end }}
{{- end }}
{{- end }}

{{- define "yitong.serverMounts" -}}
{{- $as := .as }}
{{- with .at }}
{{- if .password.existingSecret }}
- { name: {{ $as }}-password, mountPath: /run/yitong/{{ $as }}-password, readOnly: true }
{{- end }}
{{- if dig "installationKey" "existingSecret" "" . }}
- { name: {{ $as }}-key, mountPath: /run/yitong/{{ $as }}-key, readOnly: true }
{{- end }}
{{- if or .ca.secret .ca.configMap }}
- { name: {{ $as }}-ca, mountPath: /run/yitong/{{ $as }}-ca, readOnly: true }
{{- end }}
{{- if .clientSecret }}
- { name: {{ $as }}-client, mountPath: /run/yitong/{{ $as }}-client, readOnly: true }
{{- end }}
{{- end }}
{{- end }}

{{- define "yitong.serverVolumes" -}}
{{- $as := .as }}
{{- with .at }}
{{- if .password.existingSecret }}
- name: {{ $as }}-password
  secret: { secretName: {{ .password.existingSecret }}, defaultMode: 0440, items: [{ key: {{ .password.key | quote }}, path: password }] }
{{- end }}
{{- if dig "installationKey" "existingSecret" "" . }}
- name: {{ $as }}-key
  secret: { secretName: {{ .installationKey.existingSecret }}, defaultMode: 0440, items: [{ key: {{ .installationKey.key | quote }}, path: key }] }
{{- end }}
{{- if or .ca.secret .ca.configMap }}
- name: {{ $as }}-ca
  {{- include "yitong.file" (dict "from" .ca "as" "ca.pem") | nindent 2 }}
{{- end }}
{{- if .clientSecret }}
- name: {{ $as }}-client
  secret: { secretName: {{ .clientSecret }}, defaultMode: 0440, items: [{ key: tls.crt, path: tls.crt }, { key: tls.key, path: tls.key }] }
{{- end }}
{{- end }}
{{- end }}

{{/* Ports of addresses of PostgreSQL, as JSON. list of `host` or `host:port` */}}
{{- define "yitong.portsOf" -}}
{{- $ports := list -}}
{{- range . }}{{ $ports = append $ports (regexMatch ":[0-9]+$" . | ternary (regexFind "[0-9]+$" . | int) 5432) }}{{ end -}}
{{ uniq $ports | toJson }}
{{- end }}

{{- define "yitong.statePorts" -}}
{{- include "yitong.portsOf" (dig "state" "servers" list .Values.config) }}
{{- end }}

{{- define "yitong.viewPorts" -}}
{{- $addresses := list -}}
{{- range dig "view" "servers" list .Values.config }}{{ $addresses = concat $addresses .addresses }}{{ end -}}
{{- include "yitong.portsOf" $addresses }}
{{- end }}

{{/* Not empty where all replicas share what people did, so that any of them answers everything over mTLS. */}}
{{- define "yitong.shared" -}}
{{- if eq (dig "state" "driver" "embedded" .Values.config) "postgres" }}yes{{ end -}}
{{- end }}

{{/* Not empty where replicas are equal: they share what people did, and elect who sequences. */}}
{{- define "yitong.equal" -}}
{{- if and (include "yitong.shared" .) (eq (dig "audit" "takeover" "manual" .Values.config) "automatic") }}yes{{ end -}}
{{- end }}

{{/* Not empty where the view stands on servers. */}}
{{- define "yitong.viewServed" -}}
{{- if eq (dig "view" "driver" "embedded" .Values.config) "postgres" }}yes{{ end -}}
{{- end }}
