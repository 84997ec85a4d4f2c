package csr.kubelet_serving

# The source `inventory`: what the operator wrote down for the pools that the Node belongs to. A name that is written
# like an address must lie in a range, because clients may take it for one.
_known_to[source] contains text if {
	source := "inventory"
	some text in _requested
	not is_ip(text)
	regex.match(_own_names, text)
}

_known_to[source] contains text if {
	source := "inventory"
	some text in requested_ips
	some pool in _own_pools
	some range in _config.inventory[pool].cidrs
	net.cidr_contains(range, text)
}

# The Node's name is put into an expression below, so that it must be the name of a Node.
_own_pools contains name if {
	requestor_is_node
	node_is_requestor
	some name, pool in _config.inventory
	count(object.keys(pool) & {"node_name", "labels"}) > 0
	_named_so(pool)
	_labelled_so(pool)
}

_named_so(pool) if not "node_name" in object.keys(pool)

_named_so(pool) if _exact_name(pool.node_name) == input.node.name

_named_so(pool) if {
	pool.node_name in _expressions
	regex.match(pool.node_name, input.node.name)
}

# An expression for one name is not matched but compared, so that there may be a pool for each of many machines.
_exact_name(expression) := replace(trim_suffix(trim_prefix(expression, "^"), "$"), `\.`, ".") if {
	regex.match(`^\^([-a-z0-9]|\\\.)+\$$`, expression)
}

# The expressions that may be matched. None if there are too many: WebAssembly keeps 100 compiled expressions, and with
# more it uses what it has freed. Hangs, failures and wrong answers have been seen.
_expressions := _all_expressions if count(_all_expressions) <= 64

_all_expressions contains pool.node_name if {
	some pool in _pools
	_is_node_expression(pool.node_name)
	not _exact_name(pool.node_name)
}

_labelled_so(pool) if not "labels" in object.keys(pool)

_labelled_so(pool) if {
	count(pool.labels) > 0
	every key, value in pool.labels {
		input.node.labels[key] == value
	}
}

_own_names := _expression({pattern |
	some pool in _own_pools
	some pattern in _config.inventory[pool].names
})

# One expression for all patterns: 64 names against hundreds of patterns are 64 matches.
_expression(patterns) := $"^({concat("|", [_expressed(pattern) | some pattern in patterns])})$" if count(patterns) > 0

_expressed(pattern) := strings.replace_n(
	{"{node}": _literal(input.node.name), "{host}": split(input.node.name, ".")[0]},
	replace(_literal(pattern), "*", "[-a-z0-9]+"),
)

# Of a name, only the dot means something in an expression.
_literal(name) := replace(name, ".", `\.`)

# METADATA
# title: The Node is in no pool of the inventory
# description: The machine is new to the inventory, or its name or labels are not what the pools ask for.
# custom:
#   code: NodeInNoPool
#   remedy: Compare the Node's name and labels with the pools of `inventory`. Label the Node, or add a pool.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	input.node.found
	"inventory" in _sources
	count(_unconfirmed) > 0
	count(_own_pools) == 0
	msg := $"Node {shortened(input.node.name)} is in no pool of the inventory"
}
