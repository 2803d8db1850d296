{{/* How a process proves itself to the OTLP collector; config.tracing has the rest. */}}
{{- define "yitong.tracingSettings" -}}
{{- with .Values.tracing }}
{{- if or .ca.secret .ca.configMap }}
- { name: YITONG_TRACING_CA_FILE, value: /run/yitong/tracing-ca/ca.pem }
{{- end }}
{{- if .clientSecret }}
- { name: YITONG_TRACING_CERT_FILE, value: /run/yitong/tracing-client/tls.crt }
- { name: YITONG_TRACING_KEY_FILE, value: /run/yitong/tracing-client/tls.key }
{{- end }}
{{- if .headers.existingSecret }}
- { name: YITONG_TRACING_HEADERS_FILE, value: /run/yitong/tracing-headers/headers.json }
{{- end }}
{{- end }}
{{- end }}

{{- define "yitong.tracingMounts" -}}
{{- with .Values.tracing }}
{{- if or .ca.secret .ca.configMap }}
- { name: tracing-ca, mountPath: /run/yitong/tracing-ca, readOnly: true }
{{- end }}
{{- if .clientSecret }}
- { name: tracing-client, mountPath: /run/yitong/tracing-client, readOnly: true }
{{- end }}
{{- if .headers.existingSecret }}
- { name: tracing-headers, mountPath: /run/yitong/tracing-headers, readOnly: true }
{{- end }}
{{- end }}
{{- end }}

{{- define "yitong.tracingVolumes" -}}
{{- with .Values.tracing }}
{{- if or .ca.secret .ca.configMap }}
- name: tracing-ca
  {{- include "yitong.file" (dict "from" .ca "as" "ca.pem") | nindent 2 }}
{{- end }}
{{- if .clientSecret }}
- name: tracing-client
  secret: { secretName: {{ .clientSecret }}, defaultMode: 0440, items: [{ key: tls.crt, path: tls.crt }, { key: tls.key, path: tls.key }] }
{{- end }}
{{- with .headers }}
{{- if .existingSecret }}
- name: tracing-headers
  secret: { secretName: {{ .existingSecret }}, defaultMode: 0440, items: [{ key: {{ .key | quote }}, path: headers.json }] }
{{- end }}
{{- end }}
{{- end }}
{{- end }}
