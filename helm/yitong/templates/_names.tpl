{{/* Of every object. A pod is `<fullname>-<n>` and names a replica of the log, which has 31 characters. */}}
{{- define "yitong.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) .Values.fullnameOverride -}}
{{- if gt (len $full) 27 }}{{ fail (printf "the name `%s` is longer than 27 characters; set fullnameOverride" $full) }}{{ end -}}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" $full) }}{{ fail (printf "the name `%s` is not of lower-case letters, digits and hyphens, a letter first; set fullnameOverride" $full) }}{{ end -}}
{{- $full -}}
{{- end }}

{{- define "yitong.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "yitong.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "yitong.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: yitong
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Of pods: without what changes with the chart's version, which would restart them all. */}}
{{- define "yitong.podLabels" -}}
{{ include "yitong.selector" . }}
app.kubernetes.io/part-of: yitong
{{- with merge dict .Values.podLabels .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "yitong.serviceAccountName" -}}
{{- ternary (default (include "yitong.fullname" .) .Values.serviceAccount.name) (default "default" .Values.serviceAccount.name) .Values.serviceAccount.create -}}
{{- end }}

{{/* The replica that sequences, and has the people's pages. */}}
{{- define "yitong.lead" -}}
{{ include "yitong.fullname" . }}-{{ .Values.sequencer }}
{{- end }}

{{- define "yitong.headless" -}}
{{ include "yitong.fullname" . }}-pods
{{- end }}

{{/* Host name of a pod: dict root pod */}}
{{- define "yitong.podHost" -}}
{{ .pod }}.{{ include "yitong.headless" .root }}.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end }}

{{/* A feed in a name: `samr.penalties` → `samr--penalties`. No part of a feed has two hyphens, so no two feeds meet. */}}
{{- define "yitong.feedSlug" -}}
{{- $slug := . | replace "." "--" -}}
{{- if gt (len $slug) 40 }}{{ printf "%s-%s" ($slug | trunc 31 | trimSuffix "-") (sha256sum . | trunc 8) }}{{ else }}{{ $slug }}{{ end -}}
{{- end }}

{{/* Of a connector's objects, short enough for a pod's name: dict root feed */}}
{{- define "yitong.connectorName" -}}
{{- $name := printf "%s-feed-%s" (include "yitong.fullname" .root) (include "yitong.feedSlug" .feed) -}}
{{- if gt (len $name) 52 }}{{ printf "%s-%s" ($name | trunc 43 | trimSuffix "-") (sha256sum .feed | trunc 8) }}{{ else }}{{ $name }}{{ end -}}
{{- end }}

{{- define "yitong.serverSecret" -}}
{{- if .Values.tls.server.existingSecret }}{{ .Values.tls.server.existingSecret }}{{ else }}{{ include "yitong.fullname" . }}-server{{ end -}}
{{- end }}

{{/* Of a replica: dict root ordinal */}}
{{- define "yitong.replicaSecret" -}}
{{- if .root.Values.tls.replica.existingSecrets }}{{ index .root.Values.tls.replica.existingSecrets (int .ordinal) }}{{ else }}{{ include "yitong.fullname" .root }}-replica-{{ .ordinal }}{{ end -}}
{{- end }}

{{- define "yitong.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end -}}
{{- end }}

{{- define "yitong.kafka" -}}
{{- if eq .Values.config.bus.driver "kafka" }}true{{ end -}}
{{- end }}

{{- define "yitong.several" -}}
{{- if gt (int .Values.replicas) 1 }}true{{ end -}}
{{- end }}

{{/* The selector on one line, for where YAML would take four. */}}
{{- define "yitong.selectorInline" }} app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}, app.kubernetes.io/instance: {{ .Release.Name }}{{ end }}

{{/* How a Service is reached from outside. The address of who asks is kept: limits and the log know it. */}}
{{- define "yitong.exposed" -}}
type: {{ .type }}
{{- if ne .type "ClusterIP" }}
externalTrafficPolicy: Local
{{- end }}
{{- if eq .type "LoadBalancer" }}
{{- with .loadBalancerClass }}
loadBalancerClass: {{ . }}
{{- end }}
{{- with .loadBalancerSourceRanges }}
loadBalancerSourceRanges: {{ toJson . }}
{{- end }}
{{- end }}
{{- end }}
