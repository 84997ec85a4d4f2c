{{- /* What several templates take from `config` and `policy`. */ -}}

{{- /*
ApproverConfiguration. A Lease of its own for a release of another name: two in one namespace would stand by for each
other, such as a dry run for the real one.
*/ -}}
{{- define "rego-csr-approver.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "apiVersion" "rego-csr-approver/v1alpha1" -}}
{{- $_ := set $config "kind" "ApproverConfiguration" -}}
{{- $lease := include "rego-csr-approver.leaseName" . -}}
{{- if ne $lease "rego-csr-approver-leader" -}}
{{- $_ := set $config "leaderElection" (merge (dict "name" $lease) ($config.leaderElection | default dict)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "rego-csr-approver.leaseName" -}}
{{- $election := .Values.config.leaderElection | default dict -}}
{{- default (printf "%s-leader" (include "rego-csr-approver.fullname" .)) $election.name -}}
{{- end -}}

{{- define "rego-csr-approver.leaseNamespace" -}}
{{- $election := .Values.config.leaderElection | default dict -}}
{{- default .Release.Namespace $election.namespace -}}
{{- end -}}

{{- /* Not empty where there is an election. */ -}}
{{- define "rego-csr-approver.elects" -}}
{{- $election := .Values.config.leaderElection | default dict -}}
{{- if ne (toString $election.enabled) "false" -}}yes{{- end -}}
{{- end -}}

{{- define "rego-csr-approver.port" -}}
{{- $server := .Values.config.server | default dict -}}
{{- $server.port | default 8080 -}}
{{- end -}}

{{- /* Name of a ConfigMap with that content, of (list NAME CONTENT): another content is another name, and so another pod. */ -}}
{{- define "rego-csr-approver.hashed" -}}
{{- printf "%s-%s" (index . 0) (index . 1 | sha256sum | trunc 10) -}}
{{- end -}}

{{- define "rego-csr-approver.configMapName" -}}
{{- include "rego-csr-approver.hashed" (list (include "rego-csr-approver.fullname" .) (include "rego-csr-approver.config" .)) -}}
{{- end -}}

{{- define "rego-csr-approver.bundle" -}}
{{- regexReplaceAll "\\s" .Values.policy.bundle "" -}}
{{- end -}}

{{- /* ConfigMap of the bundle; empty: the image's default policy, or `config.policy.bundle`. */ -}}
{{- define "rego-csr-approver.bundleConfigMapName" -}}
{{- $policy := .Values.policy -}}
{{- $own := printf "%s-policy" (include "rego-csr-approver.fullname" .) -}}
{{- if and $policy.bundle $policy.bundleConfigMap.name -}}
{{- fail "policy.bundle and policy.bundleConfigMap.name: one policy is in force, so set one of the two" -}}
{{- else if $policy.bundleConfigMap.name -}}
{{- $policy.bundleConfigMap.name -}}
{{- else if $policy.bundle -}}
{{- ternary $own (include "rego-csr-approver.hashed" (list $own (include "rego-csr-approver.bundle" .))) $policy.liveReload -}}
{{- end -}}
{{- end -}}

{{- /* The data overlay, in the language that the file's name says. */ -}}
{{- define "rego-csr-approver.data" -}}
{{- if hasSuffix ".json" .Values.policy.dataConfigMap.key }}{{ toPrettyJson .Values.policy.data }}{{ else }}{{ toYaml .Values.policy.data }}{{ end -}}
{{- end -}}

{{- /* ConfigMap of the data overlay; empty: there is none. */ -}}
{{- define "rego-csr-approver.dataConfigMapName" -}}
{{- $policy := .Values.policy -}}
{{- $own := printf "%s-policy-data" (include "rego-csr-approver.fullname" .) -}}
{{- if and $policy.data $policy.dataConfigMap.name -}}
{{- fail "policy.data and policy.dataConfigMap.name: set one of the two; more overlays by config.policy.data and extraVolumes" -}}
{{- else if $policy.dataConfigMap.name -}}
{{- $policy.dataConfigMap.name -}}
{{- else if $policy.data -}}
{{- ternary $own (include "rego-csr-approver.hashed" (list $own (include "rego-csr-approver.data" .))) $policy.liveReload -}}
{{- end -}}
{{- end -}}

{{- /* Refuses what no single value is wrong in. */ -}}
{{- define "rego-csr-approver.check" -}}
{{- $policy := .Values.config.policy | default dict -}}
{{- if and $policy.bundle (include "rego-csr-approver.bundleConfigMapName" .) -}}
{{- fail "config.policy.bundle and a bundle of policy.bundle or policy.bundleConfigMap: one policy is in force, so set one of the two" -}}
{{- end -}}
{{- if not .Values.policy.server.enabled -}}
{{- $text := toJson $policy -}}
{{- range list "/etc/rego-csr-approver-registry/" "/etc/rego-csr-approver-policy-keys/" "/var/cache/rego-csr-approver" -}}
{{- if contains (printf "\"%s" .) $text -}}
{{- fail (printf "config.policy names a file in %s, which is mounted by policy.server.enabled=true" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
