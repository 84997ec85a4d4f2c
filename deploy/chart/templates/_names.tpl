{{- /* Names and labels. */ -}}

{{- define "rego-csr-approver.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* Of what the chart makes: the release's name, with the chart's unless it has that already. */ -}}
{{- define "rego-csr-approver.fullname" -}}
{{- $name := include "rego-csr-approver.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "rego-csr-approver.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rego-csr-approver.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "rego-csr-approver.labels" -}}
{{- $own := include "rego-csr-approver.selectorLabels" . | fromYaml -}}
{{- $chart := printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- $helm := dict "helm.sh/chart" $chart "app.kubernetes.io/managed-by" .Release.Service -}}
{{- toYaml (merge $own $helm .Values.commonLabels) -}}
{{- end -}}

{{- /* Members of `metadata`, of (list $ NAME NAMESPACE); the namespace is empty for what lies in none. */ -}}
{{- define "rego-csr-approver.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 | quote }}
{{- with index . 2 }}
namespace: {{ . | quote }}
{{- end }}
labels:
  {{- include "rego-csr-approver.labels" $root | nindent 2 }}
{{- with $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "rego-csr-approver.serviceAccountName" -}}
{{- $made := ternary (include "rego-csr-approver.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end -}}

{{- /* The one subject of all that the program may do. */ -}}
{{- define "rego-csr-approver.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "rego-csr-approver.serviceAccountName" . | quote }}
    namespace: {{ .Release.Namespace | quote }}
{{- end -}}

{{- define "rego-csr-approver.image" -}}
{{- $image := .Values.image -}}
{{- with $image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default .Chart.AppVersion $image.tag }}{{ end -}}
{{- end -}}
