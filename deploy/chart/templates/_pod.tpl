{{- /* Parts of the pod. */ -}}

{{- define "rego-csr-approver.tolerations" -}}
{{- $own := list -}}
{{- if .Values.controlPlane.enabled -}}
{{- $own = list (dict "key" "node-role.kubernetes.io/control-plane" "operator" "Exists" "effect" "NoSchedule") -}}
{{- end -}}
{{- with concat $own .Values.tolerations }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- define "rego-csr-approver.nodeSelector" -}}
{{- $own := ternary (dict "node-role.kubernetes.io/control-plane" "") dict .Values.controlPlane.enabled -}}
{{- with merge (deepCopy .Values.nodeSelector) $own }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* A wish, not a condition: a cluster with one control-plane node would never have the second pod. */ -}}
{{- define "rego-csr-approver.spread" -}}
{{- $labels := include "rego-csr-approver.selectorLabels" . | fromYaml -}}
{{- $spread := .Values.topologySpreadConstraints -}}
{{- if and (not $spread) .Values.topologySpread.enabled (gt (int .Values.replicaCount) 1) -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
{{- $spread = append $spread (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway" "labelSelector" (dict "matchLabels" $labels) "matchLabelKeys" (list "pod-template-hash")) -}}
{{- end -}}
{{- end -}}
{{- with $spread }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- define "rego-csr-approver.args" -}}
- run
- --config=/etc/rego-csr-approver/config.yaml
{{- if include "rego-csr-approver.bundleConfigMapName" . }}
- --bundle=/etc/rego-csr-approver-policy/{{ .Values.policy.bundleConfigMap.key }}
{{- end }}
{{- if include "rego-csr-approver.dataConfigMapName" . }}
- --data=/etc/rego-csr-approver-policy-data/{{ .Values.policy.dataConfigMap.key }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ quote . }}
{{- end }}
{{- end -}}

{{- define "rego-csr-approver.volumeMounts" -}}
- name: config
  mountPath: /etc/rego-csr-approver
  readOnly: true
{{- if include "rego-csr-approver.bundleConfigMapName" . }}
- name: policy
  mountPath: /etc/rego-csr-approver-policy
  readOnly: true
{{- end }}
{{- if include "rego-csr-approver.dataConfigMapName" . }}
- name: policy-data
  mountPath: /etc/rego-csr-approver-policy-data
  readOnly: true
{{- end }}
{{- if .Values.policy.server.enabled }}
- name: registry
  mountPath: /etc/rego-csr-approver-registry
  readOnly: true
- name: policy-keys
  mountPath: /etc/rego-csr-approver-policy-keys
  readOnly: true
- name: policy-cache
  mountPath: /var/cache/rego-csr-approver
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rego-csr-approver.volumes" -}}
{{- $fullname := include "rego-csr-approver.fullname" . -}}
- name: config
  configMap:
    name: {{ include "rego-csr-approver.configMapName" . | quote }}
{{- with include "rego-csr-approver.bundleConfigMapName" . }}
- name: policy
  configMap:
    name: {{ . | quote }}
{{- end }}
{{- with include "rego-csr-approver.dataConfigMapName" . }}
- name: policy-data
  configMap:
    name: {{ . | quote }}
{{- end }}
{{- with .Values.policy.server }}
{{- if .enabled }}
# What is named and missing keeps a pod from its start; what is not named may be missing.
- name: registry
  secret:
    secretName: {{ default (printf "%s-registry" $fullname) .credentialsSecret | quote }}
    {{- if not .credentialsSecret }}
    optional: true
    {{- end }}
- name: policy-keys
  projected:
    sources:
      # Public keys in the one, secrets for HMAC in the other.
      - configMap:
          name: {{ default (printf "%s-policy-keys" $fullname) .keysConfigMap | quote }}
          {{- if not .keysConfigMap }}
          optional: true
          {{- end }}
      - secret:
          name: {{ default (printf "%s-policy-keys" $fullname) .keysSecret | quote }}
          {{- if not .keysSecret }}
          optional: true
          {{- end }}
- name: policy-cache
  {{- if .cache.persistentVolumeClaim }}
  persistentVolumeClaim:
    claimName: {{ .cache.persistentVolumeClaim | quote }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .cache.sizeLimit | quote }}
  {{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
