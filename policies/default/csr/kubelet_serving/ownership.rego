package csr.kubelet_serving

# METADATA
# title: The Node lists every DNS name
# description: Compared in lower case (RFC 4343). A part of what the Node lists is enough.
names_listed if count(_unlisted_names) == 0

# METADATA
# title: The Node lists every IP address
# description: The input document has addresses in canonical text (RFC 5952), so that equal addresses are equal texts.
addresses_listed if count(_unlisted_addresses) == 0

_unlisted_names contains name if {
	some name in input.sans.dns
	not lower(name) in node_names
}

_unlisted_addresses contains address if {
	some address in input.sans.ip
	not address in node_ips
}

# METADATA
# title: The Node does not list what is requested
# description: |
#   The addresses changed after the request was made, the Node's status lags behind, or the requestor asks for what is
#   not its own.
# custom:
#   code: SANNotListed
#   remedy: Compare the request with the Node's status.addresses. What stays so is a request for another's address.
#   retry_after_seconds: 15
wait contains reason(rego.metadata.rule(), msg) if {
	count(input.node.addresses) > 0
	unlisted := _unlisted_names | _unlisted_addresses
	count(unlisted) > 0
	msg := $"not listed by Node {shortened(input.node.name)} ({listed(node_names | node_ips)}): {listed(unlisted)}"
}

# METADATA
# title: No IP address is requested
# description: Kubelets since 1.31 always ask for one. An older kubelet, or a hand-made request.
# custom:
#   code: NoIPAddress
#   remedy: None, if the kubelet is old or runs with AllowDNSOnlyNodeCSR.
warn contains reason(rego.metadata.rule(), msg) if {
	input.sans.ip == []
	msg := "DNS names alone are requested"
}
