package csr.kubelet_serving

# METADATA
# title: The cluster's RBAC lets the requestor have a serving certificate
# description: |
#   A SubjectAccessReview of create certificatesigningrequests/selfnodeserver. Deleting the binding
#   node-server-auto-renew-crt, or narrowing it, is the off switch.
access_granted if {
	input.sar.selfnodeserver.allowed == true
	input.sar.selfnodeserver.denied == false
}

# METADATA
# title: The access review says no
# description: No binding gives the requestor the ClusterRole, or an authorizer denies it.
# custom:
#   code: AccessNotGranted
#   remedy: |
#     Bind the ClusterRole system:certificates.k8s.io:certificatesigningrequests:selfnodeserver to system:nodes, or to
#     this user, unless it was unbound on purpose.
#   retry_after_seconds: 5
wait contains reason(rego.metadata.rule(), msg) if {
	is_object(input.sar.selfnodeserver)
	not access_granted
	msg := $"{shortened(input.requestor.username)} may not create certificatesigningrequests/selfnodeserver{_reason_given}"
}

# RBAC gives no reason for a no; other authorizers may.
default _reason_given := ""

_reason_given := $": {shortened(input.sar.selfnodeserver.reason)}" if input.sar.selfnodeserver.reason != ""
