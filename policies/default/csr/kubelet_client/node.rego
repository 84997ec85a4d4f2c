package csr.kubelet_client

# METADATA
# title: The Node is the one that the certificate is for
# description: A fact about another Node proves nothing, be it that there is none.
node_is_subject if input.node.name == node_name

# METADATA
# title: A node that renews exists, one that is bootstrapped does not
# scope: document
# description: |
#   A machine whose Node was deleted does not get to live on by its old certificate; and a bootstrap token, which many
#   machines have seen, does not take over a node that runs.
node_in_place if {
	requestor_is_node
	input.node.found == true
}

node_in_place if {
	requestor_is_bootstrapper
	input.node.found == false
}

node_in_place if {
	requestor_is_bootstrapper
	_existing_node_allowed
}

# METADATA
# title: The Node of who renews is not being deleted
# scope: document
node_staying if requestor_is_bootstrapper

node_staying if {
	requestor_is_node
	input.node.deleting == false
}

# METADATA
# title: The Node of who renews was not created after the request
# scope: document
# description: |
#   A Node that was deleted and created again under its name is another machine, and the request the earlier one's, who
#   may have kept its key. Times have a resolution of one second, so that the same second passes.
node_older_than_request if requestor_is_bootstrapper

node_older_than_request if {
	requestor_is_node
	_is_utc(input.node.created_at)
	_is_utc(input.created_at)
	substring(input.node.created_at, 0, 19) <= substring(input.created_at, 0, 19)
}

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

_existing_node_allowed if {
	input.node.found == true
	_config.bootstrap_existing_nodes == true
}

# METADATA
# title: The requestor has no Node
# description: The kubelet has not registered its Node yet, or the Node was deleted and its client certificate lives on.
# custom:
#   code: NodeNotFound
#   remedy: Wait for the kubelet to register. If the machine is retired, revoke what it holds.
#   retry_after_seconds: 5
wait contains reason(rego.metadata.rule(), msg) if {
	requestor_is_node
	input.node.found == false
	msg := $"there is no Node {shortened(node_name)}"
}

# METADATA
# title: The Node is being deleted
# description: The machine is on its way out, but its kubelet still runs.
# custom:
#   code: NodeTerminating
#   remedy: None, if the machine is to go. Otherwise see which finalizer holds the Node.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	requestor_is_node
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
	requestor_is_node
	input.node.found
	not node_older_than_request
	msg := $"the Node's time {shortened(input.node.created_at)} is not up to the request's, {shortened(input.created_at)}"
}

# METADATA
# title: A Node of that name exists already
# description: A machine was set up again under its old name, its certificate expired, or a stolen token is used.
# custom:
#   code: NodeExists
#   remedy: |
#     If the machine is to be that Node, delete the Node: the request is then approved. If it is not, revoke the token.
#     bootstrap_existing_nodes allows it for all.
#   retry_after_seconds: 5
wait contains reason(rego.metadata.rule(), msg) if {
	requestor_is_bootstrapper
	input.node.found == true
	not _existing_node_allowed
	msg := $"{shortened(input.requestor.username)} asks to be Node {shortened(node_name)}, which exists"
}

# METADATA
# title: A Node that exists is bootstrapped again
# description: A machine was set up again under its old name, its certificate expired, or a stolen token is used.
# custom:
#   code: NodeBootstrappedAgain
#   remedy: None, if the machine was meant to. Set bootstrap_existing_nodes to false to have such requests wait.
warn contains reason(rego.metadata.rule(), msg) if {
	requestor_is_bootstrapper
	_existing_node_allowed
	msg := $"{shortened(input.requestor.username)} asks to be Node {shortened(node_name)}, which exists"
}
