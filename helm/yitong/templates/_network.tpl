{{/* A rule for who may come: dict from ports. No rule where nobody is named: an empty `from` would mean everybody. */}}
{{- define "yitong.admit" -}}
{{- if .from -}}
- from: {{ toJson .from }}
  ports: [{{ range $i, $port := .ports }}{{ if $i }}, {{ end }}{ protocol: TCP, port: {{ $port }} }{{ end }}]
{{- end }}
{{- end }}

{{/* A rule for where to go: dict to ports. Likewise. */}}
{{- define "yitong.leave" -}}
{{- if .to -}}
- to: {{ toJson .to }}
  ports: [{{ range $i, $port := .ports }}{{ if $i }}, {{ end }}{ protocol: TCP, port: {{ $port }} }{{ end }}]
{{- end }}
{{- end }}

{{- define "yitong.dns" -}}
{{- if .dns.to -}}
- to: {{ toJson .dns.to }}
  ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }]
{{- end }}
{{- end }}

{{/* Ports of the brokers, as JSON. */}}
{{- define "yitong.brokerPorts" -}}
{{- $ports := list }}
{{- range .Values.config.bus.brokers }}{{ $ports = append $ports (regexFind "[0-9]+$" . | int) }}{{ end -}}
{{- $ports | uniq | toJson -}}
{{- end }}
