{{/* dict root connector port embedded */}}
{{- define "yitong.connectorContainer" -}}
{{- $c := .connector }}
{{- $kafka := include "yitong.connectorKafka" (dict "root" .root "connector" $c) | fromYaml }}
- name: {{ ternary (printf "feed-%s" (include "yitong.feedSlug" $c.feed)) "connector" .embedded }}
  {{- include "yitong.imageOf" .root | nindent 2 }}
  args: {{ concat (list "connector" $c.feed "--workspace" .root.Values.workspace.path "--data" "/data" "--health-host" .root.Values.listenAddress "--health-port" (toString .port)) (default list $c.args) | toJson }}
  env:
    {{- include "yitong.settings" (dict "root" .root "sections" (list "bus" "tracing" "keep")) | trim | nindent 4 }}
    {{- with include "yitong.reach" .root | trim }}{{ . | nindent 4 }}{{ end }}
    {{- with include "yitong.tracingSettings" .root | trim }}{{ . | nindent 4 }}{{ end }}
    {{- if .embedded }}
    - { name: YITONG_BUS_DIR, value: /data/bus }
    {{- else }}
    {{- include "yitong.kafkaSettings" (dict "kafka" $kafka "groupId" $kafka.groupId) | trim | nindent 4 }}
    {{- end }}
    {{- range $c.env }}
    - { name: {{ .name }}, valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .key | quote }} } } }
    {{- end }}
  ports:
    - { name: {{ ternary (printf "feed-%v" .port) "health" .embedded }}, containerPort: {{ .port }} }
  {{- include "yitong.probes" (dict "port" .port) | nindent 2 }}
  resources: {{- toYaml (default .root.Values.connectorDefaults.resources $c.resources) | nindent 4 }}
  securityContext: {{- include "yitong.containerSecurity" . | nindent 4 }}
  volumeMounts:
    {{- if .embedded }}
    # what a connector writes, and no more: against mistakes. Against a hostile one there is Kafka, and a pod for each connector
    {{- range list "bus" "connectors" "quarantine" "crosswalks" }}
    - { name: data, mountPath: /data/{{ . }}, subPath: {{ . }} }
    {{- end }}
    {{- else }}
    - { name: data, mountPath: /data }
    {{- end }}
    - { name: tmp, mountPath: /tmp }
    {{- with include "yitong.tracingMounts" .root | trim }}{{ . | nindent 4 }}{{ end }}
    {{- if not .embedded }}{{ with include "yitong.kafkaMounts" (dict "kafka" $kafka) | trim }}{{ . | nindent 4 }}{{ end }}{{ end }}
    {{- with include "yitong.workspaceMounts" (dict "root" .root "policies" false) | trim }}{{ . | nindent 4 }}{{ end }}
    {{- range $i, $file := $c.files }}
    - { name: {{ printf "f%d-%s" $i (sha256sum $c.feed | trunc 8) }}, mountPath: {{ $file.mountPath }}, readOnly: true }
    {{- end }}
    {{- range $i, $inbox := $c.inbox }}
    - { name: {{ printf "i%d-%s" $i (sha256sum $c.feed | trunc 8) }}, mountPath: {{ $inbox.mountPath }}, readOnly: true }
    {{- end }}
{{- end }}

{{/* Its own: secrets of its source, and files that it reads. dict root connector */}}
{{- define "yitong.connectorVolumes" -}}
{{- range $i, $file := .connector.files }}
- name: {{ printf "f%d-%s" $i (sha256sum $.connector.feed | trunc 8) }}
  secret: { secretName: {{ $file.secret }}, defaultMode: 0440 }
{{- end }}
{{- range $i, $inbox := .connector.inbox }}
- name: {{ printf "i%d-%s" $i (sha256sum $.connector.feed | trunc 8) }}
  persistentVolumeClaim: { claimName: {{ $inbox.claimName }}, readOnly: true }
{{- end }}
{{- end }}
