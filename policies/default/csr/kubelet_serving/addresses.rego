package csr.kubelet_serving

# METADATA
# title: Every requested address is an address
# description: In canonical text, so that a DNS name such as 127.1 or 0x7f.1 does not hide one.
addresses_well_formed if requested_addresses == requested_ips

# METADATA
# title: No address is reserved
# description: Addresses that mean something other than one machine, in every cluster.
addresses_unreserved if count(_reserved_addresses) == 0

# METADATA
# title: Requested addresses
# scope: document
# description: IP addresses, and DNS names that somebody may read as one.
requested_addresses contains address if some address in input.sans.ip

requested_addresses contains name if {
	some name in input.sans.dns
	ends_in_number(name)
}

# METADATA
# title: Requested addresses that are well-formed
# description: What is compared with ranges and other addresses. Engines disagree about what is not an address.
requested_ips contains address if {
	some address in requested_addresses
	is_ip(address)
}

# METADATA
# title: An IPv4 or IPv6 address in text
# scope: document
# description: IPv4-mapped IPv6 is not one. The input document never holds it, and engines disagree about its ranges.
is_ip(text) if {
	octets := split(text, ".")
	count(octets) == 4
	every octet in octets {
		_is_octet(octet)
	}
}

is_ip(text) if {
	made_of(text, "0123456789abcdef:")
	not startswith(text, "::ffff:")
	net.cidr_contains("::/0", text)
}

# METADATA
# title: Two texts of one address
same_address(a, b) if net.cidr_intersects(_host(a), _host(b))

# METADATA
# title: A range of addresses in text
# description: |
#   The CIDR functions are undefined for a malformed range, and a rule that uses one is silent. What is malformed, OPA
#   and WebAssembly see differently: 10.0.0.0/8/8 is a range for one of them.
is_cidr(text) if {
	[address, length] := split(text, "/")
	is_ip(address)
	_is_short_number(length)
	net.cidr_intersects(text, text)
}

_is_octet(text) if {
	_is_short_number(text)
	to_number(text) <= 255
}

# Of at most three digits, and none of them to no purpose.
_is_short_number("0")

_is_short_number(text) if {
	count(text) in {1, 2, 3}
	made_of(text, "0123456789")
	not startswith(text, "0")
}

_host(address) := $"{address}/32" if not contains(address, ":")

_host(address) := $"{address}/128" if contains(address, ":")

# 240.0.0.0/4 is not here, but for broadcast: clouds number nodes from it.
# Nor is 6to4 (2002::/16): a router may hold such an address.
_reserved_ranges := {
	"0.0.0.0/8": "this network, RFC 1122 section 3.2.1.3",
	"127.0.0.0/8": "loopback, RFC 1122 section 3.2.1.3",
	"169.254.0.0/16": "link-local, RFC 3927",
	"224.0.0.0/4": "multicast, RFC 5771",
	"255.255.255.255/32": "broadcast, RFC 919",
	# Unspecified, loopback, IPv4-mapped, IPv4-compatible, and 64:ff9b::/96 (NAT64, RFC 6052), in which every IPv4
	# address has a double: no interface has an address of this block.
	"::/8": "reserved, RFC 4291 section 4",
	"fe80::/10": "link-local, RFC 4291 section 2.5.6",
	"ff00::/8": "multicast, RFC 4291 section 2.7",
}

_reserved_addresses contains $"{shortened(address)} ({why})" if {
	some address in requested_ips
	some range, why in _reserved_ranges
	net.cidr_contains(range, address)
}

# METADATA
# title: An address is malformed
# description: A DNS name ends in a number without being an IPv4 address, so that clients read it differently.
# custom:
#   code: AddressMalformed
#   remedy: Correct the name at its source, the host name or the cloud provider, and delete the request.
deny contains reason(rego.metadata.rule(), msg) if {
	not addresses_well_formed
	msg := $"not canonical IP addresses: {listed(requested_addresses - requested_ips)}"
}

# METADATA
# title: An address is reserved
# description: The requestor wants to answer for loopback, link-local or multicast, which no machine owns.
# custom:
#   code: AddressReserved
#   remedy: |
#     See whether the Node lists such an address, and why (kubelet --node-ip, cloud provider). If it does not, treat
#     the requestor as compromised until explained.
deny contains reason(rego.metadata.rule(), msg) if {
	count(_reserved_addresses) > 0
	msg := $"reserved addresses: {listed(_reserved_addresses)}"
}
