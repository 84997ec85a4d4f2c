package csr.kubelet_serving

# METADATA
# title: The Node is not being deleted
node_staying if input.node.deleting == false

# METADATA
# title: The Node was not created after the request
# description: |
#   A Node that was deleted and created again under its name is another machine, and the request the earlier one's.
#   Times have a resolution of one second, so that the same second passes.
node_older_than_request if {
	_is_utc(input.node.created_at)
	_is_utc(input.created_at)
	substring(input.node.created_at, 0, 19) <= substring(input.created_at, 0, 19)
}

# METADATA
# title: The Node lists no more addresses than the cap
# description: A node that could claim addresses without end could keep all others from theirs.
node_within_cap if input.node.addresses_over_cap == false

# Where every name and address is confirmed without it, what the Node lists does not matter.
_status_needed if {
	"node-status" in _sources
	count(_unconfirmed) > 0
}

_lists_addresses if count(input.node.addresses) > 0

# WebAssembly has no time functions. Times of the same form and zone sort as text.
_is_utc(text) if {
	form := strings.replace_n({digit: "0" | some digit in split("123456789", "")}, text)
	startswith(form, "0000-00-00T00:00:00")
	_ends_in_utc(substring(form, 19, -1))
}

_ends_in_utc("Z")

# A fraction of a second.
_ends_in_utc(text) if {
	startswith(text, ".0")
	endswith(text, "Z")
	made_of(substring(text, 1, count(text) - 2), "0")
}

# METADATA
# title: The Node is being deleted
# description: The machine is on its way out, but its kubelet still runs.
# custom:
#   code: NodeTerminating
#   remedy: None, if the machine is to go. Otherwise see which finalizer holds the Node.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	input.node.found
	not node_staying
	msg := $"Node {shortened(input.node.name)} is being deleted"
}

# METADATA
# title: The Node is younger than the request
# description: The Node was deleted and created again after the request was made, perhaps by another machine.
# custom:
#   code: NodeYoungerThanRequest
#   remedy: Delete the request. The kubelet makes a new one.
#   retry_after_seconds: 300
wait contains reason(rego.metadata.rule(), msg) if {
	input.node.found
	not node_older_than_request
	msg := $"the Node's time {shortened(input.node.created_at)} is not up to the request's, {shortened(input.created_at)}"
}

# METADATA
# title: The Node lists too many addresses
# description: Far more than a machine has. None of them counts for it, and only the first ones against other Nodes.
# custom:
#   code: NodeAddressesOverCap
#   remedy: See who fills the Node's status. Exempt the Node in the program's configuration if it really has that many.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	input.node.found
	_status_needed
	not node_within_cap
	msg := $"Node {shortened(input.node.name)} lists more addresses than the cap"
}

# METADATA
# title: The Node lists no addresses
# description: The kubelet has just registered, or the cloud provider has not yet written the addresses.
# custom:
#   code: NodeWithoutAddresses
#   remedy: Wait. If it stays so, see the cloud controller manager's log, or the kubelet's --node-ip.
#   retry_after_seconds: 5
wait contains reason(rego.metadata.rule(), msg) if {
	input.node.found
	_status_needed
	node_within_cap
	not _lists_addresses
	msg := $"Node {shortened(input.node.name)} lists no addresses yet"
}
