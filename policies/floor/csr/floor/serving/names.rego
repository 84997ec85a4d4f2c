package csr.floor.serving

# METADATA
# title: Every DNS name is well-formed
# description: |
#   Letters, digits and hyphens (RFC 1123 section 2.1) in labels of 1 to 63 of at most 253 characters in all (RFC 1035
#   section 2.3.4). No wildcard, trailing dot or underscore: verifiers disagree about them.
names_well_formed if {
	every name in input.sans.dns {
		_well_formed(name)
	}
}

# METADATA
# title: No DNS name is reserved
# description: |
#   Services, the API server's among them, and the machine itself: names that no node may answer for in any cluster.
names_unreserved if {
	every name in input.sans.dns {
		not _reserved_name(name)
	}
}

# METADATA
# title: A name that parsers may take for an IPv4 address
# description: |
#   Its last label is a number, decimal or hexadecimal (WHATWG URL, "ends in a number checker"). Some clients match
#   such a name against the address that they dial, so it must be an address in canonical form, and is judged as one.
ends_in_number(name) if _is_number(_last_label(name))

# Of an absolute name, the one before the dot.
_last_label(name) := labels[count(labels) - 1] if labels := split(trim_suffix(name, "."), ".")

_is_number(label) if {
	label != ""
	made_of(label, "0123456789")
}

_is_number(label) if {
	substring(label, 0, 2) in {"0x", "0X"}
	made_of(substring(label, 2, -1), "0123456789abcdefABCDEF")
}

_well_formed(name) if {
	count(name) <= 253
	every label in split(name, ".") {
		count(label) <= 63
		is_label(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}
}

# kubernetes.default, and every shorter and longer form of it.
_reserved_name(name) if split(lower(name), ".")[0] == "kubernetes"

# NAME.NAMESPACE.svc, with any cluster domain.
_reserved_name(name) if "svc" in split(lower(name), ".")

# localhost and all below it (RFC 6761 section 6.3), and its other names in the hosts files of distributions.
_reserved_name(name) if {
	some ending in _local_names
	endswith($".{trim_suffix(lower(name), ".")}", $".{ending}")
}

_local_names := {
	"localhost", "localhost.localdomain", "localhost.localdomain4", "localhost.localdomain6",
	"localhost4", "localhost4.localdomain", "localhost4.localdomain4", "localhost4.localdomain6",
	"localhost6", "localhost6.localdomain", "localhost6.localdomain4", "localhost6.localdomain6",
	"ip6-localhost", "ip6-loopback",
}

# METADATA
# title: A DNS name is malformed
# description: Not a kubelet's request, or a Node lists a name that is no host name, such as one with an underscore.
# custom:
#   code: NameMalformed
#   remedy: Correct the name at its source, the host name or the cloud provider, and delete the request.
deny contains reason(rego.metadata.rule(), msg) if {
	not names_well_formed
	bad := {name | some name in input.sans.dns; not _well_formed(name)}
	msg := $"not host names of letters, digits and hyphens: {listed(bad)}"
}

# METADATA
# title: A DNS name is reserved
# description: The requestor wants to answer for a Service, for the API server or for localhost.
# custom:
#   code: NameReserved
#   remedy: Treat the requestor as compromised until explained. A node that really has such a name needs another one.
deny contains reason(rego.metadata.rule(), msg) if {
	not names_unreserved
	bad := {name | some name in input.sans.dns; _reserved_name(name)}
	msg := $"reserved names: {listed(bad)}"
}
