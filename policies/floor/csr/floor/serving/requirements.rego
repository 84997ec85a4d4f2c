# METADATA
# title: Floor for kubelet serving certificates
# description: |
#   What makes impersonation possible. Each line of `form` and `facts` is a requirement that must be shown to hold;
#   `deny` and `wait` only explain why one does not. A rule that is undefined therefore never approves.
# custom:
#   signer_name: kubernetes.io/kubelet-serving
package csr.floor.serving

# METADATA
# title: What the bare request must satisfy
# scope: document
default form := false

form if {
	requestor_is_node
	requestor_in_nodes_group
	subject_names_requestor
	subject_in_nodes_organization
	usages_allowed
	sans_present
	emails_absent
	uris_absent
	names_well_formed
	names_unreserved
	addresses_well_formed
	addresses_unreserved
}

# METADATA
# title: What the request must satisfy in the light of the facts
# scope: document
default facts := false

facts if {
	form
	node_found
	node_is_requestor
	cluster_known
	api_names_unrequested
	api_addresses_unrequested
	api_server_shared_by_control_plane
	service_addresses_unrequested
	pod_addresses_unrequested
}
