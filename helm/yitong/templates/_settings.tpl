{{/* Environment of one setting: dict section key value. Lists and objects as JSON; `$(` is Kubernetes' and must not be read as a variable. */}}
{{- define "yitong.setting" -}}
- name: YITONG_{{ upper .section }}_{{ regexReplaceAll "[A-Z]" .key "_${0}" | upper }}
  value: {{ ternary .value (toJson .value) (kindIs "string" .value) | replace "$(" "$$(" | toYaml }}
{{ end }}

{{/* Every setting of the given sections: dict root sections */}}
{{- define "yitong.settings" -}}
{{- range $section := .sections }}
{{- range $key, $value := dig $section dict $.root.Values.config }}
{{- if not (kindIs "invalid" $value) }}{{ include "yitong.setting" (dict "section" $section "key" $key "value" $value) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
How far sources may reach, for every process that loads feeds: what config.connectors says, and below which folders files may lie: also those that are mounted for a connector.
No feed is refused in one pod for a folder that is mounted in another.
*/}}
{{- define "yitong.reach" -}}
{{- $reach := deepCopy (dig "connectors" dict .Values.config) -}}
{{- $roots := default list (get $reach "roots") -}}
{{- range .Values.connectors }}{{ range concat (default list .files) (default list .inbox) }}{{ $roots = append $roots .mountPath }}{{ end }}{{ end -}}
{{- if $roots }}{{ $_ := set $reach "roots" (uniq $roots) }}{{ end -}}
{{- range $key, $value := $reach }}{{ if not (kindIs "invalid" $value) }}{{ include "yitong.setting" (dict "section" "connectors" "key" $key "value" $value) }}{{ end }}{{ end -}}
{{- end }}

{{/* Who this process is for Kafka, and how it proves it: dict kafka groupId */}}
{{- define "yitong.kafkaSettings" -}}
- name: YITONG_BUS_CLIENT_ID
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: YITONG_BUS_GROUP_ID
  value: {{ .groupId | quote }}
{{ with .kafka.tls -}}
{{- if .enabled }}
{{- $ssl := dict }}
{{- if or .ca.secret .ca.configMap }}{{ $_ := set $ssl "caFile" "/run/yitong/kafka-ca/ca.pem" }}{{ end }}
{{- if .clientSecret }}{{ $_ := set $ssl "certFile" "/run/yitong/kafka-client/tls.crt" }}{{ $_ := set $ssl "keyFile" "/run/yitong/kafka-client/tls.key" }}{{ end }}
{{- include "yitong.setting" (dict "section" "bus" "key" "ssl" "value" $ssl) }}
{{- end }}
{{- end }}
{{- with .kafka.sasl }}
{{- if .mechanism }}
{{- include "yitong.setting" (dict "section" "bus" "key" "sasl" "value" (dict "mechanism" .mechanism "username" .username "passwordFile" "/run/yitong/kafka-sasl/password")) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Volumes for it: dict kafka */}}
{{- define "yitong.kafkaVolumes" -}}
{{- with .kafka.tls }}
{{- if and .enabled (or .ca.secret .ca.configMap) }}
- name: kafka-ca
  {{- include "yitong.file" (dict "from" .ca "as" "ca.pem") | nindent 2 }}
{{- end }}
{{- if and .enabled .clientSecret }}
- name: kafka-client
  secret: { secretName: {{ .clientSecret }}, defaultMode: 0440, items: [{ key: {{ .certKey | quote }}, path: tls.crt }, { key: {{ .keyKey | quote }}, path: tls.key }] }
{{- end }}
{{- end }}
{{- with .kafka.sasl }}
{{- if .mechanism }}
- name: kafka-sasl
  secret: { secretName: {{ .existingSecret }}, defaultMode: 0440, items: [{ key: {{ .key | quote }}, path: password }] }
{{- end }}
{{- end }}
{{- end }}

{{- define "yitong.kafkaMounts" -}}
{{- with .kafka.tls }}
{{- if and .enabled (or .ca.secret .ca.configMap) }}
- { name: kafka-ca, mountPath: /run/yitong/kafka-ca, readOnly: true }
{{- end }}
{{- if and .enabled .clientSecret }}
- { name: kafka-client, mountPath: /run/yitong/kafka-client, readOnly: true }
{{- end }}
{{- end }}
{{- if .kafka.sasl.mechanism }}
- { name: kafka-sasl, mountPath: /run/yitong/kafka-sasl, readOnly: true }
{{- end }}
{{- end }}

{{/* One file of a Secret or ConfigMap: dict from as */}}
{{- define "yitong.file" -}}
{{- if .from.secret -}}
secret: { secretName: {{ .from.secret }}, defaultMode: 0440, items: [{ key: {{ .from.key | quote }}, path: {{ .as }} }] }
{{- else -}}
configMap: { name: {{ .from.configMap }}, items: [{ key: {{ .from.key | quote }}, path: {{ .as }} }] }
{{- end }}
{{- end }}

{{/* What a connector uses: dict root connector → YAML of `kafka`. Login and client certificate are never another's. */}}
{{- define "yitong.connectorKafka" -}}
{{- $own := dig "kafka" dict .connector -}}
{{- $none := dict "tls" (dict "clientSecret" "" "certKey" .root.Values.kafka.tls.certKey "keyKey" .root.Values.kafka.tls.keyKey) "sasl" (dict "mechanism" "" "username" "" "existingSecret" "" "key" "password") "groupId" (first (splitList "." .connector.feed)) -}}
{{- $_ := set $none.tls "enabled" .root.Values.kafka.tls.enabled -}}
{{- $_ := set $none.tls "ca" (deepCopy .root.Values.kafka.tls.ca) -}}
{{- mergeOverwrite $none (deepCopy $own) | toYaml -}}
{{- end }}

{{/* Seconds in which a stopping pod may end: what it drains, and what the supervisor and the log's last run need. */}}
{{- define "yitong.grace" -}}
{{ add (int (dig "gateway" "drainSeconds" 5 .Values.config)) 30 }}
{{- end }}

{{- define "yitong.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* What all pods share. No service links: Kubernetes would name a variable YITONG_… after a Service, and Yitong refuses to start on a setting that it does not know. */}}
{{- define "yitong.podSpec" -}}
serviceAccountName: {{ include "yitong.serviceAccountName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  # `Always` would give keys on the volume to the group at each start; the process takes them back, and warns each time
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "yitong.imageOf" -}}
image: {{ include "yitong.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.image.command }}
command: {{ toJson . }}
{{- end }}
{{- end }}

{{/* Live, ready, startup on the port `health`. A view that is built anew takes its time: it is live all the while, and ready afterwards. dict port */}}
{{- define "yitong.probes" -}}
startupProbe: { httpGet: { path: /health/live, port: {{ .port }} }, periodSeconds: 2, failureThreshold: 60, timeoutSeconds: 2 }
livenessProbe: { httpGet: { path: /health/live, port: {{ .port }} }, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 }
readinessProbe: { httpGet: { path: /health/ready, port: {{ .port }} }, periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 2 }
{{- end }}
