package csr.kubelet_serving

# METADATA
# title: It is known which Nodes list what is requested
claims_known if count(_requested - _indexed) == 0

# METADATA
# title: No other Node lists what is requested, or somebody better placed says whose it is
# description: |
#   A node writes its own status, so that two Nodes with one address mean that one of them is wrong, or lies. Neither is
#   approved until people have settled it, or until a source that a node cannot write settles it.
sans_unclaimed if count(object.keys(_disputed) - _settled) == 0

# As the fact has them: IP addresses in canonical text, names in lower case.
_requested contains address if some address in input.sans.ip

_requested contains lower(name) if some name in input.sans.dns

_indexed contains claim.address if some claim in input.claims

_disputed[claim.address] contains claimant if {
	some claim in input.claims
	claim.address in _requested
	some claimant in claim.nodes
	claimant != input.node.name
}

# A claim is set aside where a source confirms the name or address for this Node and for no other. A range that holds
# more than one address does not: it confirms every Node of the pool, and a compromised one would take its neighbour's
# address by writing it into its own status. The rest of the source's combination must confirm it as well.
_settled contains text if {
	some text, claimants in _disputed

	not _name_of_one(text, claimants)
	some combination in _config.trust
	some source in combination
	text in _singled_out[source]
	sans := {san | some san in _sans; lower(san[1]) == text}
	count(sans) > 0
	every san in sans {
		_confirmed_by_all(combination, san)
	}
}

# A Node's name is its own: it was fixed when the Node was created. Not so an address, though a Node may be called like
# one.
_name_of_one(text, claimants) if {
	text in claimants
	not is_ip(text)
}

# The object itself says that it is the Node's. That it was found by the Node's name is not enough: whoever may register
# a Node may choose a name that another machine's object has.
_singled_out[source] contains text if {
	some name, lookup in _config.lookups
	"node" in object.keys(lookup)
	source := $"lookup:{name}"
	some text in _known_to[source]
}

_singled_out[names] contains text if {
	names := "inventory"
	some text in _known_to[names]
	not is_ip(text)
	regex.match(_names_of_one, text)
}

_singled_out[source] contains text if {
	source := "inventory"
	some text in requested_ips
	some pool in _own_pools
	_exact_name(_config.inventory[pool].node_name) == input.node.name
	some range in _config.inventory[pool].cidrs
	range == _host(text)
}

# With the whole name of the Node, and nothing that could stand for another's.
_names_of_one := _expression({pattern |
	some pool in _own_pools
	some pattern in _config.inventory[pool].names
	contains(pattern, "{node}")
	not contains(pattern, "*")
})

# METADATA
# title: Another Node lists what is requested
# description: An address was given to a new machine before the old Node was deleted, or one of the nodes lies.
# custom:
#   code: SANClaimed
#   remedy: Find out whose address it is. Delete the Node of the machine that is gone, or treat the liar as compromised.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	not sans_unclaimed
	msg := _claims_on(object.keys(_disputed) - _settled)
}

# METADATA
# title: Another Node lists what the sources of trust say is this one's
# description: |
#   The old Node of a machine that is gone, or a node that lies. It does not keep the request from approval, because the
#   inventory or a lookup says whose it is.
# custom:
#   code: SANClaimedByOther
#   remedy: Delete the claimant if its machine is gone. Otherwise treat it as compromised until explained.
warn contains reason(rego.metadata.rule(), msg) if {
	count(_settled) > 0
	msg := _claims_on(_settled)
}

_claims_on(texts) := $"also listed by {listed(claimants)}: {listed(texts)}" if {
	claimants := {claimant | some text in texts; some claimant in _disputed[text]}
}
