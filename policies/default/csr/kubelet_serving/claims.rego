package csr.kubelet_serving

# METADATA
# title: It is known which Nodes list what is requested
claims_known if count(_requested - _indexed) == 0

# METADATA
# title: No other Node lists what is requested
# description: |
#   A node writes its own status, so that two Nodes with one address mean that one of them is wrong, or lies. Neither is
#   approved until people have settled it.
sans_unclaimed if count(_disputed) == 0

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

# METADATA
# title: Another Node lists what is requested
# description: An address was given to a new machine before the old Node was deleted, or one of the nodes lies.
# custom:
#   code: SANClaimed
#   remedy: Find out whose address it is. Delete the Node of the machine that is gone, or treat the liar as compromised.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	not sans_unclaimed
	claimants := {claimant | some claimants in _disputed; some claimant in claimants}
	msg := $"also listed by {listed(claimants)}: {listed(object.keys(_disputed))}"
}
