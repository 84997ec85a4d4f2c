package csr.floor.client

# METADATA
# title: No subject alternative name is requested
# description: The API server reads none of a client certificate; servers would (pkg/apis/certificates/helpers.go).
sans_absent if {
	input.sans.dns == []
	input.sans.ip == []
	input.sans.email == []
	input.sans.uri == []
}

# METADATA
# title: A subject alternative name is requested
# description: The request was not made by a kubelet; the signer would fail it.
# custom:
#   code: SANNotAllowed
#   remedy: Ask for no names and addresses. A kubelet gets those with its serving certificate.
deny contains reason(rego.metadata.rule(), msg) if {
	not sans_absent
	requested := {name | some names in input.sans; some name in names}
	msg := $"subject alternative names are requested: {listed(requested)}"
}
