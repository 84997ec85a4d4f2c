# METADATA
# title: Floor for kubelet client certificates
# description: |
#   What makes impersonation possible: whoever has such a certificate is that node. Each line of `form` and `facts` is a
#   requirement that must be shown to hold; `deny` and `wait` only explain why one does not. A rule that is undefined
#   therefore never approves.
# custom:
#   signer_name: kubernetes.io/kube-apiserver-client-kubelet
package csr.floor.client

# METADATA
# title: What the bare request must satisfy
# scope: document
default form := false

form if {
	requestor_authenticated
	requestor_identified
	subject_names_node
	node_asks_for_itself
	subject_in_nodes_organization
	usages_allowed
	sans_absent
}

# METADATA
# title: What the request must satisfy in the light of the facts
# scope: document
default facts := false

facts if {
	form
	access_granted
}
