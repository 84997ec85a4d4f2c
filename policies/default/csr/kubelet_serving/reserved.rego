package csr.kubelet_serving

# METADATA
# title: No DNS name is reserved by configuration
names_open if count(_closed_names) == 0

# METADATA
# title: No address is reserved by configuration
addresses_open if count(_closed_addresses) == 0

_closed_names contains name if {
	some name in input.sans.dns
	some pattern in _config.reserved_names
	_covers(pattern, lower(name))
}

_covers(pattern, name) if pattern == name

_covers(pattern, name) if {
	startswith(pattern, "*.")
	endswith(name, trim_prefix(pattern, "*"))
}

_closed_addresses contains address if {
	some address in requested_ips
	some range in _config.reserved_cidrs
	is_cidr(range)
	net.cidr_contains(range, address)
}

# METADATA
# title: A DNS name is reserved by configuration
# description: The requestor wants to answer for a name that the operator keeps from nodes.
# custom:
#   code: NameReservedByConfig
#   remedy: Treat the requestor as compromised until explained, or correct reserved_names.
deny contains reason(rego.metadata.rule(), msg) if {
	count(_closed_names) > 0
	msg := $"names reserved by reserved_names: {listed(_closed_names)}"
}

# METADATA
# title: An address is reserved by configuration
# description: The requestor wants to answer for an address that the operator keeps from nodes.
# custom:
#   code: AddressReservedByConfig
#   remedy: Treat the requestor as compromised until explained, or correct reserved_cidrs.
deny contains reason(rego.metadata.rule(), msg) if {
	count(_closed_addresses) > 0
	msg := $"addresses reserved by reserved_cidrs: {listed(_closed_addresses)}"
}
