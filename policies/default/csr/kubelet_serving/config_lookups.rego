package csr.kubelet_serving

config_errors contains _config_error(".lookups", "must be an object of lookups") if {
	value := _config.lookups
	not is_object(value)
}

config_errors contains _lookup_error(name, "", msg) if {
	msg := "must be an object with a name of lower-case letters, digits, underscores"
	some name, lookup in _lookups
	not _is_lookup(name, lookup)
}

config_errors contains _lookup_error(name, $".{shortened(key)}", msg) if {
	msg := "no such field; there are addresses, node, query"
	some name, lookup in _lookups
	some key in (object.keys(lookup) - _lookup_fields)
}

config_errors contains _lookup_error(name, $".{field}", "must be set") if {
	some name, lookup in _lookups
	some field in ({"query", "addresses"} - object.keys(lookup))
}

config_errors contains _lookup_error(name, $".{field}", msg) if {
	msg := "must be a path: a list of texts, such as [status, addresses]"
	some name, lookup in _lookups
	some field in {"addresses", "node"}
	value := lookup[field]
	not _is_path(value)
}

config_errors contains _lookup_error(name, ".query", "must be an object") if {
	some name, lookup in _lookups
	value := lookup.query
	not is_object(value)
}

config_errors contains _lookup_error(name, $".query.{shortened(key)}", msg) if {
	msg := $"no such field; there are {concat(", ", sort(_query_fields))}"
	some name, query in _queries
	some key in (object.keys(query) - _query_fields)
}

config_errors contains _lookup_error(name, $".query.{field}", "must be set") if {
	some name, query in _queries
	some field in ({"version", "resource"} - object.keys(query))
}

config_errors contains _lookup_error(name, $".query.{field}", msg) if {
	msg := "must be a text, and not empty for version and resource"
	some name, query in _queries
	some field in _query_texts
	value := query[field]
	not _is_query_text(field, value)
}

config_errors contains _lookup_error(name, $".query.{field}", "must be an object of texts") if {
	some name, query in _queries
	some field in {"labels", "match"}
	value := query[field]
	not _is_object_of_texts(value)
}

config_errors contains _lookup_error(name, ".query", "must have either name, or labels or match") if {
	some name, query in _queries
	count(_selectors(query)) != 1
}

config_errors contains _lookup_error(name, ".query.resource", msg) if {
	msg := "is written by nodes themselves, who could list any address in it"
	some name, query in _queries
	_written_by_nodes(object.get(query, "group", ""), query.resource)
}

config_errors contains _lookup_error(name, "", msg) if {
	msg := "must name the Node: {node_name} in name, labels, match or addresses, or the path node"
	some name, lookup in _lookups
	is_object(lookup.query)
	not _names_node(lookup)
}

_lookup_fields := {"query", "addresses", "node"}

_lookups[name] := lookup if {
	is_object(_config.lookups)
	some name, lookup in _config.lookups
}

_queries[name] := lookup.query if {
	some name, lookup in _lookups
	is_object(lookup.query)
}

_query_texts := {"group", "version", "resource", "namespace", "name"}

_query_fields := _query_texts | {"labels", "match"}

_lookup_error(name, at, msg) := _config_error($".lookups.{shortened(name)}{at}", msg)

# The name is a word that Rego can write after a dot, as the program demands.
_is_lookup(name, lookup) if {
	is_object(lookup)
	regex.match(`^[a-z][a-z0-9_]{0,62}$`, name)
}

_is_path(value) if {
	is_array(value)
	count(value) > 0
	every key in value {
		is_string(key)
		key != ""
	}
}

# Empty is the core group, all namespaces, no name; a version or a resource cannot be empty.
_is_query_text(field, value) if {
	is_string(value)
	field in {"group", "namespace", "name"}
}

_is_query_text(_, value) if {
	is_string(value)
	value != ""
}

_is_object_of_texts(value) if {
	is_object(value)
	every text in value {
		is_string(text)
	}
}

# One object by its name, or those of a list.
_selectors(query) := {kind |
	some kind, fields in {"name": {"name"}, "list": {"labels", "match"}}
	some field in fields
	count(query[field]) > 0
}

# What the Node authorizer and NodeRestriction let kubelets write, and what everybody writes of himself.
_written_by_nodes(group, resource) if {
	[group, lower(split(resource, "/")[0])] in {
		["", "events"],
		["", "nodes"],
		["", "pods"],
		["certificates.k8s.io", "certificatesigningrequests"],
		["coordination.k8s.io", "leases"],
		["events.k8s.io", "events"],
		["resource.k8s.io", "resourceslices"],
		["storage.k8s.io", "csinodes"],
	}
}

# Without this, one object would confirm its addresses to every Node.
_names_node(lookup) if "node" in object.keys(lookup)

_names_node(lookup) if {
	walk(object.filter(lookup.query, {"name", "labels", "match"}), [_, text])
	some template in {"{node_name}", "{requestor.username}", "{subject.common_name}"}
	contains(text, template)
}

_names_node(lookup) if {
	some key in lookup.addresses
	contains(key, "{node_name}")
}
