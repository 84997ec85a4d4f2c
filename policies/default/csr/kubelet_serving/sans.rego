package csr.kubelet_serving

# METADATA
# title: A DNS name or an IP address is requested
# description: A certificate for nothing is refused by the signer, and empty lists pass every rule about their members.
sans_present if count(input.sans.dns) + count(input.sans.ip) > 0

# METADATA
# title: No email address is requested
emails_absent if input.sans.email == []

# METADATA
# title: No URI is requested
# description: Workload identities such as SPIFFE's are URIs.
uris_absent if input.sans.uri == []

# METADATA
# title: No DNS name and no IP address is requested
# description: The request was not made by a kubelet; kubelets ask for the addresses in their Node's status.
# custom:
#   code: SANMissing
#   remedy: See that the Node has addresses, and delete the request. The kubelet makes a new one.
deny contains reason(rego.metadata.rule(), msg) if {
	not sans_present
	msg := "the request names no DNS name and no IP address"
}

# METADATA
# title: An email address is requested
# description: The request was not made by a kubelet; the signer would fail it.
# custom:
#   code: EmailNotAllowed
#   remedy: Ask for DNS names and IP addresses only.
deny contains reason(rego.metadata.rule(), msg) if {
	not emails_absent
	msg := $"email addresses are requested: {listed(input.sans.email)}"
}

# METADATA
# title: A URI is requested
# description: The request was not made by a kubelet; the signer would fail it.
# custom:
#   code: URINotAllowed
#   remedy: Ask for DNS names and IP addresses only.
deny contains reason(rego.metadata.rule(), msg) if {
	not uris_absent
	msg := $"URIs are requested: {listed(input.sans.uri)}"
}
