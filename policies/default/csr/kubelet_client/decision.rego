# METADATA
# title: Kubelet client certificates
# description: |
#   Approves the certificate by which a kubelet is its node: the first one, for who bootstraps it, and renewals, for the
#   node itself. For clusters that switch off the approver in kube-controller-manager.
#
#   Every line of `allow` is a requirement that must be shown to hold; `deny` and `wait` only explain why one does not.
#   A rule that is undefined, because data or a fact is missing, therefore never approves.
#
#   access, identity, organization, sans, text and usages are the floor's own files, word for word, so that this bundle
#   says all that holds. Removing a rule of theirs here does not remove it from the floor.
package csr.kubelet_client

# METADATA
# title: Kubelet client certificates
# description: |
#   The decision about one request for the signer kubernetes.io/kube-apiserver-client-kubelet.
#
#   No max_age_seconds, because no age makes a request useless: a kubelet that bootstraps waits for an hour, and after a
#   restart goes on waiting for the same request, whose name follows from its key (client-go, bootstrap.go). One that
#   renews gives up after 15 minutes and forgets the key; whoever did not is held to a Node older than the request.
# entrypoint: true
# custom:
#   signer_name: kubernetes.io/kube-apiserver-client-kubelet
#   knobs: csr.kubelet_client.config
#   facts:
#     sar:
#       nodeclient:
#         group: certificates.k8s.io
#         resource: certificatesigningrequests
#         subresource: nodeclient
#         verb: create
#       selfnodeclient:
#         group: certificates.k8s.io
#         resource: certificatesigningrequests
#         subresource: selfnodeclient
#         verb: create
#     node: true
decision := {"allow": allow, "deny": deny, "wait": wait, "warn": warn, "config_errors": config_errors}

# METADATA
# title: Every requirement holds
# description: That the requestor is a node or in nothing one, follows from three of them, which tell the two apart.
# scope: document
default allow := false

allow if {
	config_correct
	signer_is_kubelet_client
	requestor_authenticated
	credential_shown
	subject_names_node
	node_asks_for_itself
	subject_in_nodes_organization
	usages_allowed
	expiration_allowed
	key_strong
	sans_absent
	bootstrap_allowed
	node_is_subject
	node_in_place
	node_staying
	node_older_than_request
	access_granted
}

# METADATA
# title: The signer is kubernetes.io/kube-apiserver-client-kubelet
# description: The program asks for no other; conftest may.
signer_is_kubelet_client if input.signer_name == "kubernetes.io/kube-apiserver-client-kubelet"

# METADATA
# title: The request is for another signer
# description: This entrypoint judges kubelet client certificates only.
# custom:
#   code: SignerNotSupported
#   remedy: Leave the request to the approver of its signer.
deny contains reason(rego.metadata.rule(), msg) if {
	not signer_is_kubelet_client
	msg := $"signer {shortened(input.signer_name)} is not kubernetes.io/kube-apiserver-client-kubelet"
}
