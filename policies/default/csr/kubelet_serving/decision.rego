# METADATA
# title: Kubelet serving certificates
# description: |
#   Approves what a kubelet asks for itself: a serving certificate for names and addresses that sources of trust say are
#   its own. Which sources, the data says; its own Node, unless stated.
#
#   Every line of `allow` is a requirement that must be shown to hold; `deny` and `wait` only explain why one does not.
#   A rule that is undefined, because data or a fact is missing, therefore never approves.
#
#   identity, usages, sans, names, addresses, node_addresses, node, cluster and text are the floor's own files, word for
#   word, so that this bundle says all that holds. Removing a rule of theirs here does not remove it from the floor.
package csr.kubelet_serving

# METADATA
# title: Kubelet serving certificates
# description: The decision about one request for the signer kubernetes.io/kubelet-serving.
# entrypoint: true
# custom:
#   signer_name: kubernetes.io/kubelet-serving
#   max_age_seconds: 900 # The kubelet waits for 15 minutes, then makes another request.
#   knobs: csr.kubelet_serving.config
#   facts:
#     sar:
#       selfnodeserver:
#         group: certificates.k8s.io
#         resource: certificatesigningrequests
#         subresource: selfnodeserver
#         verb: create
#     node: true
#     claims: true
#     cluster: true
#     pending: true
#     lookups_from: csr.kubelet_serving.config.lookups
decision := {"allow": allow, "deny": deny, "wait": wait, "warn": warn, "config_errors": config_errors}

# METADATA
# title: Every requirement holds
# scope: document
default allow := false

allow if {
	config_correct
	signer_is_kubelet_serving
	request_fresh
	pending_known
	request_newest
	requestor_calm
	cluster_calm
	requestor_is_node
	requestor_in_nodes_group
	credential_shown
	subject_names_requestor
	subject_in_nodes_organization
	usages_allowed
	expiration_allowed
	key_strong
	sans_present
	emails_absent
	uris_absent
	names_well_formed
	names_unreserved
	names_open
	addresses_well_formed
	addresses_unreserved
	addresses_open
	cluster_known
	api_names_unrequested
	api_addresses_unrequested
	api_server_shared_by_control_plane
	service_addresses_unrequested
	pod_addresses_unrequested
	node_found
	node_is_requestor
	node_staying
	node_older_than_request
	lookups_known
	names_confirmed
	addresses_confirmed
	claims_known
	sans_unclaimed
	access_granted
}

# METADATA
# title: The signer is kubernetes.io/kubelet-serving
# description: The program asks for no other; conftest may.
signer_is_kubelet_serving if input.signer_name == "kubernetes.io/kubelet-serving"

# METADATA
# title: The request is for another signer
# description: This entrypoint judges kubelet serving certificates only.
# custom:
#   code: SignerNotSupported
#   remedy: Leave the request to the approver of its signer.
deny contains reason(rego.metadata.rule(), msg) if {
	not signer_is_kubelet_serving
	msg := $"signer {shortened(input.signer_name)} is not kubernetes.io/kubelet-serving"
}
