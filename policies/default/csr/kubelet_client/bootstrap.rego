package csr.kubelet_client

# METADATA
# title: Who bootstraps a node may bootstrap this one
# scope: document
# description: |
#   One entry of `bootstrappers` fits the requestor and the name of the node. A node that renews is in none: the floor
#   holds it to its own name.
bootstrap_allowed if requestor_is_node

bootstrap_allowed if {
	requestor_is_bootstrapper
	some entry in _own_entries
	_names(entry, node_name)
}

_own_entries contains entry if {
	count(_all_patterns) <= 64
	some entry in _config.bootstrappers
	_fits_groups(entry)
	_fits_users(entry)
}

_fits_groups(entry) if not "groups" in object.keys(entry)

_fits_groups(entry) if {
	some group in entry.groups
	group in input.requestor.groups
}

_fits_users(entry) if not "users" in object.keys(entry)

_fits_users(entry) if input.requestor.username in entry.users

_fits_users(entry) if {
	some pattern in entry.users
	startswith(pattern, "^")
	matches_whole(pattern, input.requestor.username)
}

_names(entry, _) if entry.any_node_name == true

_names(entry, name) if {
	some pattern in entry.node_names
	matches_whole(pattern, name)
}

# METADATA
# title: The requestor may not bootstrap nodes
# description: A person, a service account, or a bootstrap token outside of the groups and users of `bootstrappers`.
# custom:
#   code: BootstrapperNotAllowed
#   remedy: Find out who created the request, and why. If it is to bootstrap nodes, add its group to bootstrappers.
deny contains reason(rego.metadata.rule(), msg) if {
	requestor_is_bootstrapper
	count(_own_entries) == 0
	groups := listed(input.requestor.groups)
	msg := $"no entry of bootstrappers fits {shortened(input.requestor.username)} with groups ({groups})"
}

# METADATA
# title: The requestor may not bootstrap a node of this name
# description: Its entries of `bootstrappers` have other names of nodes; perhaps it asks for a control-plane node.
# custom:
#   code: NodeNameNotAllowed
#   remedy: See who holds that token or credential. If the node is to have this name, add a pattern to node_names.
deny contains reason(rego.metadata.rule(), msg) if {
	requestor_is_bootstrapper
	count(_own_entries) > 0
	not bootstrap_allowed
	msg := $"{shortened(input.requestor.username)} may not bootstrap a node called {shortened(node_name)}"
}
