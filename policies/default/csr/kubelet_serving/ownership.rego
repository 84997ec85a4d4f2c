package csr.kubelet_serving

# Compared in lower case (RFC 4343). A part of what the Node lists is enough. The input document has addresses in
# canonical text (RFC 5952), so that equal addresses are equal texts.
_unlisted_names contains name if {
	some name in input.sans.dns
	not lower(name) in node_names
}

_unlisted_addresses contains address if {
	some address in input.sans.ip
	not address in node_ips
}

# The source `node-status`. A Node over the cap confirms nothing, whatever is shown of its addresses.
_confirmed_by[source] contains san if {
	source := "node-status"
	node_within_cap
	some san in _sans
	_listed_by_node(san)
}

_listed_by_node(["dns", name]) if lower(name) in node_names

_listed_by_node(["ip", address]) if address in node_ips

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
	# With other sources, SANNotConfirmed says which of them confirm what.
	_sources == {"node-status"}
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
