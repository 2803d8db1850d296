{{/*
Version of TLSRoute: what is said, else the newest that the cluster serves. One that serves the Gateway API without it has only its standard channel; where no cluster was asked, the
version that most serve.
*/}}
{{- define "yitong.tlsRoute" -}}
{{- $group := "gateway.networking.k8s.io" -}}
{{- $apis := .Capabilities.APIVersions -}}
{{- if .Values.gatewayApi.apiVersion }}{{ .Values.gatewayApi.apiVersion }}
{{- else if $apis.Has (printf "%s/v1/TLSRoute" $group) }}{{ $group }}/v1
{{- else if $apis.Has (printf "%s/v1alpha3/TLSRoute" $group) }}{{ $group }}/v1alpha3
{{- else if $apis.Has (printf "%s/v1alpha2/TLSRoute" $group) }}{{ $group }}/v1alpha2
{{- else if or ($apis.Has (printf "%s/v1" $group)) ($apis.Has (printf "%s/v1beta1" $group)) }}{{ fail "gatewayApi: this cluster serves the Gateway API without TLSRoute; install its experimental channel, or a version that has TLSRoute in the standard one" }}
{{- else }}{{ $group }}/v1alpha3
{{- end -}}
{{- end }}

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
