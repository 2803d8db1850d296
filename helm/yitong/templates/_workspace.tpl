{{/* Volumes and mounts of the workspace, always read-only. A connector decides nothing and has no policies. dict root policies */}}
{{- define "yitong.workspaceVolumes" -}}
{{- with .root.Values.workspace }}
{{- if eq .kind "imageVolume" }}
- name: workspace
  image: { reference: {{ .imageVolume.reference | quote }}, pullPolicy: {{ .imageVolume.pullPolicy }} }
{{- else if eq .kind "persistentVolumeClaim" }}
- name: workspace
  persistentVolumeClaim: { claimName: {{ .persistentVolumeClaim.claimName }}, readOnly: true }
{{- else if eq .kind "configMap" }}
- name: workspace
  configMap:
    name: {{ .configMap.name }}
    items: {{- toYaml .configMap.items | nindent 6 }}
{{- end }}
{{- range $i, $overlay := .overlays }}
{{- if or $.policies (not (hasPrefix "policies" $overlay.path)) }}
- name: overlay-{{ $i }}
  {{- if $overlay.secret }}
  secret: { secretName: {{ $overlay.secret }}, defaultMode: 0440 }
  {{- else }}
  configMap: { name: {{ $overlay.configMap }} }
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "yitong.workspaceMounts" -}}
{{- with .root.Values.workspace }}
{{- if ne .kind "image" }}
- name: workspace
  mountPath: {{ .path }}
  readOnly: true
  {{- if and (eq .kind "persistentVolumeClaim") .persistentVolumeClaim.subPath }}
  subPath: {{ .persistentVolumeClaim.subPath }}
  {{- end }}
{{- end }}
{{- $path := .path }}
{{- range $i, $overlay := .overlays }}
{{- if or $.policies (not (hasPrefix "policies" $overlay.path)) }}
- { name: overlay-{{ $i }}, mountPath: {{ printf "%s/%s" $path $overlay.path | quote }}, readOnly: true }
{{- end }}
{{- end }}
{{- end }}
{{- end }}
