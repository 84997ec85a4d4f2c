package csr.floor.serving

# METADATA
# title: The Node exists
node_found if input.node.found == true

# METADATA
# title: The Node is the requestor's
# description: A fact about another Node proves nothing.
node_is_requestor if input.node.name == node_name

# METADATA
# title: The requestor has no Node
# description: The kubelet has not registered its Node yet, or the Node was deleted and its client certificate lives on.
# custom:
#   code: NodeNotFound
#   remedy: Wait for the kubelet to register. If the machine is retired, revoke what it holds.
#   retry_after_seconds: 5
wait contains reason(rego.metadata.rule(), msg) if {
	input.node.found == false
	msg := $"there is no Node {shortened(node_name)}"
}
