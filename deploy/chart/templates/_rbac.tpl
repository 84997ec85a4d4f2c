{{- /* Bindings of the role of the same name to the program, of (list $ NAME) and (list $ NAME NAMESPACE). */ -}}

{{- define "rego-csr-approver.clusterRoleBinding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  {{- include "rego-csr-approver.metadata" (list (index . 0) (index . 1) "") | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ index . 1 | quote }}
{{ include "rego-csr-approver.subjects" (index . 0) }}
{{- end -}}

{{- define "rego-csr-approver.roleBinding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "rego-csr-approver.metadata" . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ index . 1 | quote }}
{{ include "rego-csr-approver.subjects" (index . 0) }}
{{- end -}}

{{- define "rego-csr-approver.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "rego-csr-approver.leaseName" . | quote }}]
  verbs: [get, update]
{{- end -}}

{{- /*
Rules for lookups by namespace (empty: the whole cluster), as YAML `{NAMESPACE: [RULE]}`: those of `policy.data`, as the
default policy reads them, and those of `lookups`. A text with `{` in it is filled in for each request.
*/ -}}
{{- define "rego-csr-approver.lookupRules" -}}
{{- $queries := list -}}
{{- $data := dig "csr" "kubelet_serving" "config" "lookups" dict .Values.policy.data -}}
{{- range $name, $lookup := $data -}}
{{- $queries = append $queries (dict "at" (printf "policy.data.csr.kubelet_serving.config.lookups.%s.query" $name) "query" ($lookup.query | default dict)) -}}
{{- end -}}
{{- range $index, $query := .Values.lookups -}}
{{- $queries = append $queries (dict "at" (printf "lookups[%d]" $index) "query" $query) -}}
{{- end -}}
{{- $rules := dict -}}
{{- range $queries -}}
{{- $query := .query -}}
{{- if not (regexMatch "^[a-z0-9-]+$" (toString $query.resource)) -}}
{{- fail (printf "%s.resource: not a resource, in the plural, in lower case" .at) -}}
{{- end -}}
{{- if not (regexMatch "^[a-z0-9.-]*$" ($query.group | default "" | toString)) -}}
{{- fail (printf "%s.group: not an API group" .at) -}}
{{- end -}}
{{- $namespace := ternary "" ($query.namespace | default "") (contains "{" ($query.namespace | default "")) -}}
{{- $rule := dict "apiGroups" (list ($query.group | default "")) "resources" (list $query.resource) -}}
{{- if not $query.name -}}
{{- $_ := set $rule "verbs" (list "list") -}}
{{- else -}}
{{- $_ := set $rule "verbs" (list "get") -}}
{{- if not (contains "{" $query.name) }}{{ $_ := set $rule "resourceNames" (list $query.name) }}{{ end -}}
{{- end -}}
{{- $_ := set $rules $namespace (append (get $rules $namespace | default list) $rule | uniq) -}}
{{- end -}}
{{- if $rules }}{{ toYaml $rules }}{{ end -}}
{{- end -}}
