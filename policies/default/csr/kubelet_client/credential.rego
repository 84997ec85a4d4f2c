package csr.kubelet_client

# METADATA
# title: A node that renews showed a client certificate, where that is demanded
# description: |
#   The API server gives users of X.509 certificates the extra attribute
#   authentication.kubernetes.io/credential-id. An impersonated user has it only if it was impersonated too, so that it
#   is a hint, no proof.
# scope: document
credential_shown if _config.require_credential_id == false

credential_shown if requestor_is_bootstrapper

credential_shown if {
	count(_credential_ids) == 1
	startswith(_credential_ids[0], "X509SHA256=")
	digest := trim_prefix(_credential_ids[0], "X509SHA256=")
	count(digest) == 64
	made_of(digest, "0123456789abcdef")
}

default _credential_ids := []

_credential_ids := input.requestor.extra["authentication.kubernetes.io/credential-id"]

# METADATA
# title: The requestor showed no client certificate
# description: Somebody impersonates the node, or the cluster authenticates its nodes otherwise (IAM, webhook).
# custom:
#   code: CredentialIDMissing
#   remedy: Find out how this user is authenticated. Set require_credential_id to false where nodes have no certificate.
deny contains reason(rego.metadata.rule(), msg) if {
	not credential_shown
	msg := $"the requestor has no X.509 credential-id ({listed(_credential_ids)}), and require_credential_id is set"
}
