package csr.kubelet_serving

config_errors contains _config_error(".inventory", "must be an object of pools") if {
	value := _config.inventory
	not is_object(value)
}

config_errors contains _pool_error(name, "", msg) if {
	msg := "must be an object with a name of letters, digits, dots, hyphens, underscores"
	some name, pool in _pools
	not _is_pool(name, pool)
}

config_errors contains _pool_error(name, $".{shortened(key)}", msg) if {
	msg := $"no such field; there are {concat(", ", sort(_pool_fields))}"
	some name, pool in _pools
	some key in (object.keys(pool) - _pool_fields)
}

config_errors contains _pool_error(name, "", msg) if {
	msg := "must have node_name or labels, or nobody knows whose pool it is"
	some name, pool in _pools
	count(object.keys(pool) & {"node_name", "labels"}) == 0
}

config_errors contains _pool_error(name, "", "must have names or cidrs, or it confirms nothing") if {
	some name, pool in _pools
	count(object.keys(pool) & {"names", "cidrs"}) == 0
}

config_errors contains _pool_error(name, ".node_name", msg) if {
	msg := "must be an expression such as ^worker-[0-9]+$: from ^ to $, with | in parentheses only, for lower-case names"
	some name, pool in _pools
	value := pool.node_name
	not _is_node_expression(value)
}

config_errors contains _pool_error(name, ".node_name", msg) if {
	msg := "matches names that nobody meant, and so every Node"
	some name, pool in _pools
	pool.node_name in _expressions
	_matches_everything(pool.node_name)
}

config_errors contains _pool_error(name, ".labels", "must be an object; one label at least") if {
	some name, pool in _pools
	value := pool.labels
	not _is_filled_object(value)
}

config_errors contains _pool_error(name, $".labels.{shortened(key)}", msg) if {
	msg := "must be a label value at a key under node-restriction.kubernetes.io/ or node-role.kubernetes.io/"
	some name, pool in _pools
	is_object(pool.labels)
	some key, value in pool.labels
	not _is_label(key, value)
}

config_errors contains _pool_error(name, $".{field}", "must be a list") if {
	some name, pool in _pools
	some field in {"names", "cidrs"}
	value := pool[field]
	not is_array(value)
}

config_errors contains _pool_error(name, $".names[{index}]", msg) if {
	msg := "must be a DNS name, perhaps with {node}, {host} and *, of which * must not be all"
	some name, pool in _pools
	some index, value in pool.names
	not _is_name_pattern(value)
}

config_errors contains _pool_error(name, $".cidrs[{index}]", msg) if {
	msg := "must be a range such as 10.0.0.0/8, from its first address on, and not of all addresses"
	some name, pool in _pools
	some index, value in pool.cidrs
	not _is_partial_cidr(value)
}

config_errors contains _config_error(".inventory", msg) if {
	count(_all_expressions) > 64
	msg := "must have at most 64 different node_name; those for one name, such as ^n1$, do not count"
}

_pools[name] := pool if {
	is_object(_config.inventory)
	some name, pool in _config.inventory
}

_pool_fields := {"node_name", "labels", "names", "cidrs"}

_pool_error(name, at, msg) := _config_error($".inventory.{shortened(name)}{at}", msg)

_is_pool(name, pool) if {
	is_object(pool)
	regex.match(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`, name)
}

_is_filled_object(value) if {
	is_object(value)
	count(value) > 0
}

# Characters, classes and groups, two deep, each perhaps repeated, and no more of the language of expressions: so that
# what is anchored can be seen, and `^a|b$` is not taken for it.
_is_node_expression(value) if {
	count(value) <= 256
	regex.match(_node_expression, value)
	regex.is_valid(value)
}

_node_expression := concat("", [`^\^(`, _term(_group(_term(_group(_atom)))), _repeated, `)+\$$`])

_atom := `[-a-z0-9.]|\\[.d-]|\[([-a-z0-9.]|\\[.d-])+\]`

_group(term) := concat("", [`\((\?:)?((`, term, `)`, _repeated, `|\|)*\)`])

_term(group) := concat("", [`(`, _atom, `|`, group, `)`])

_repeated := `([*+?]|\{[0-9]{1,3}(,[0-9]{0,3})?\})?`

_matches_everything(expression) if {
	some names in _improbable
	count([name | some name in names; regex.match(expression, name)]) >= 2
}

# With a dot and without. No pool has two of the names of either kind.
_improbable := [
	["improbable-name", "q7zx-40-kw9", "8-0-15-62-z"],
	["improbable.example.test", "q7zx.40-kw9.internal", "8-0.z9.x"],
]

# NodeRestriction keeps nodes from writing these on themselves. Another label is the node's own word.
_is_label(key, value) if {
	regex.match(`^(node-restriction|node-role)\.kubernetes\.io/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`, key)
	regex.match(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`, value)
}

_is_name_pattern(value) if {
	count(value) <= 253
	regex.match(`^([-a-z0-9*]|\{node\}|\{host\})+(\.([-a-z0-9*]|\{node\}|\{host\})+)*$`, value)
	regex.match(`[a-z0-9]`, value)
}

_is_partial_cidr(value) if {
	is_network(value)
	not endswith(value, "/0")
}
