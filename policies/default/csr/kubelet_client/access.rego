package csr.kubelet_client

# METADATA
# title: The cluster's RBAC lets the requestor have a client certificate
# scope: document
# description: |
#   The access review of the requestor's kind, as in Kubernetes' own approver (sarapprove.go): selfnodeclient for a node
#   that renews, nodeclient for one who bootstraps it. Unlike there, a node does not renew on nodeclient: who may become
#   any node bootstraps, and taking selfnodeclient from a node must be enough to end its renewals.
access_granted if {
	requestor_is_node
	_grants(input.sar.selfnodeclient)
}

access_granted if {
	requestor_is_bootstrapper
	_grants(input.sar.nodeclient)
}

_grants(review) if {
	review.allowed == true
	review.denied == false
}

_needed_review := "selfnodeclient" if requestor_is_node

_needed_review := "nodeclient" if requestor_is_bootstrapper

# METADATA
# title: The access review says no to a client certificate
# description: No binding gives the requestor the ClusterRole of its kind, or an authorizer denies it.
# custom:
#   code: AccessNotGranted
#   remedy: |
#     Bind the ClusterRole system:certificates.k8s.io:certificatesigningrequests:selfnodeclient to system:nodes or this
#     user, or the one that ends in nodeclient to the group of who bootstraps, unless it was unbound on purpose.
#   retry_after_seconds: 5
wait contains reason(rego.metadata.rule(), msg) if {
	is_object(input.sar[_needed_review])
	not access_granted
	who := shortened(input.requestor.username)
	msg := $"{who} may not create certificatesigningrequests/{_needed_review}{_reason_given}"
}

# RBAC gives no reason for a no; other authorizers may.
default _reason_given := ""

_reason_given := $": {shortened(input.sar[_needed_review].reason)}" if input.sar[_needed_review].reason != ""
