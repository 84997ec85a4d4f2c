package csr.kubelet_client

_members := {"any_node_name", "groups", "node_names", "users"}

_no_such_member := $"no such member; there are {concat(", ", sort(_members))}"

_lists := {"groups", "node_names", "users"}

# Nobody calls a node or a user like this; a pattern for all of them is one for everything.
_sample_nodes := {"0", "a", "z-9.y", "kube-7f3q.zone-b.example.com"}

_sample_users := {"0", "a", "system:serviceaccount:a:b", "A B@example.com"}

config_errors contains _config_error(".bootstrappers", "must be a list") if {
	value := _config.bootstrappers
	not is_array(value)
}

config_errors contains _entry_error(index, "", "must be an object") if {
	some index, entry in _config.bootstrappers
	not is_object(entry)
}

config_errors contains _entry_error(index, $".{shortened(key)}", _no_such_member) if {
	some index, entry in _config.bootstrappers
	some key in object.keys(entry)
	not key in _members
}

config_errors contains _entry_error(index, "", "must have groups, users or both") if {
	some index, entry in _config.bootstrappers
	count(object.keys(entry) & {"groups", "users"}) == 0
}

config_errors contains _entry_error(index, "", "must have either node_names or any_node_name: true") if {
	some index, entry in _config.bootstrappers
	count(object.keys(entry) & {"any_node_name", "node_names"}) != 1
}

config_errors contains _entry_error(index, ".any_node_name", "must be true, or left out") if {
	some index, entry in _config.bootstrappers
	value := entry.any_node_name
	value != true
}

config_errors contains _entry_error(index, $".{member}", "must be a list of one text or more") if {
	some index, entry in _config.bootstrappers
	some member in _lists
	value := entry[member]
	not _is_filled_list(value)
}

config_errors contains _entry_error(index, $".{member}[{position}]", "must be a text, not an empty one") if {
	some index, entry in _config.bootstrappers
	some member in _lists
	some position, value in entry[member]
	not _is_filled_text(value)
}

config_errors contains _entry_error(index, $".groups[{position}]", msg) if {
	msg := "is everybody's group, every pod's, or the nodes'"
	some index, entry in _config.bootstrappers
	some position, group in entry.groups
	group in {"system:authenticated", "system:nodes", "system:serviceaccounts", "system:unauthenticated"}
}

config_errors contains _entry_error(index, $".users[{position}]", problem) if {
	some index, entry in _config.bootstrappers
	some position, user in entry.users
	startswith(user, "^")
	problem := pattern_problem(user, _sample_users)
}

config_errors contains _entry_error(index, $".node_names[{position}]", msg) if {
	some index, entry in _config.bootstrappers
	some position, pattern in entry.node_names
	problem := pattern_problem(pattern, _sample_nodes)
	msg := $"{problem}; for all names, say any_node_name: true instead"
}

config_errors contains _config_error(".bootstrappers", msg) if {
	count(_all_patterns) > 64
	msg := "must have at most 64 different patterns, of node_names and users together"
}

# WebAssembly keeps 100 compiled expressions, and with more it uses what it has freed.
_all_patterns contains pattern if {
	some entry in _config.bootstrappers
	some pattern in entry.node_names
}

_all_patterns contains user if {
	some entry in _config.bootstrappers
	some user in entry.users
	startswith(user, "^")
}

_is_filled_list(value) if {
	is_array(value)
	count(value) > 0
}

_is_filled_text(value) if {
	is_string(value)
	value != ""
}

_entry_error(index, at, msg) := _config_error($".bootstrappers[{index}]{at}", msg)
