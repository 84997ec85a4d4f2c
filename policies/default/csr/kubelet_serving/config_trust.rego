package csr.kubelet_serving

config_errors contains _config_error(".trust", msg) if {
	msg := "must be a list of combinations, each a list of sources; one at least"
	value := _config.trust
	not _is_filled_list(value)
}

config_errors contains _config_error($".trust[{index}]", "must be a list of sources; one at least") if {
	some index, value in _config.trust
	not _is_filled_list(value)
}

config_errors contains _config_error($".trust[{outer}][{inner}]", msg) if {
	msg := "must be node-status, inventory (with a pool in it), or lookup: and the name of one of the lookups"
	some outer, combination in _config.trust
	some inner, value in combination
	not _is_source(value)
}

_is_filled_list(value) if {
	is_array(value)
	count(value) > 0
}

_is_source("node-status")

_is_source("inventory") if {
	is_object(_config.inventory)
	count(_config.inventory) > 0
}

_is_source(value) if {
	startswith(value, "lookup:")
	is_object(_config.lookups)
	trim_prefix(value, "lookup:") in object.keys(_config.lookups)
}
