{{/*
How many replicas the StatefulSet gets, as JSON: `replicas`, and `live` where a cluster was asked and has one. With the autoscaler the number is the cluster's: left out, the API
server would put 1 and take replicas away, the sequencing one too. It stays at least at what keeps that one and at most at what is declared; 0 was put by hand and stays.
*/}}
{{- define "yitong.count" -}}
{{- $count := dict "replicas" (int .Values.replicas) -}}
{{- if .Values.autoscaling.enabled -}}
{{- with lookup "apps/v1" "StatefulSet" .Release.Namespace (include "yitong.fullname" .) -}}
{{- $live := int (dig "spec" "replicas" 1 .) -}}
{{- $_ := set $count "live" $live -}}
{{- $_ := set $count "replicas" (ternary 0 (max $.Values.autoscaling.minReplicas (min $live $.Values.replicas)) (eq $live 0)) -}}
{{- end -}}
{{- end -}}
{{- toJson $count -}}
{{- end }}
