{{- define "escape.labels" -}}
app.kubernetes.io/name: escape
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
{{- define "escape.selector" -}}
app.kubernetes.io/name: escape
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
