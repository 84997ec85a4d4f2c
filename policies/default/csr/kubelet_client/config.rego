package csr.kubelet_client

# METADATA
# title: Every knob is set, known, and of a value that can be meant
config_correct if count(config_errors) == 0

# The one place that reads the data. Undefined without it, and then `config_errors` is not empty.
_config := data.csr.kubelet_client.config

_knobs := {"bootstrappers", "bootstrap_existing_nodes", "max_expiration_seconds", "require_credential_id"}

# METADATA
# title: What is wrong with the data
# description: |
#   The program evaluates it when it loads the bundle, and refuses a bundle for which it is not empty. A wrong value
#   could otherwise switch a rule off without a word. The entries of bootstrappers are in config_bootstrappers.rego.
# scope: document
config_errors contains _config_error("", "must be an object; is the data file missing?") if {
	not _config_given
}

config_errors contains _config_error($".{shortened(key)}", $"no such knob; there are {concat(", ", sort(_knobs))}") if {
	some key in object.keys(_config)
	not key in _knobs
}

config_errors contains _config_error($".{knob}", "must be set") if {
	_config_given
	some knob in _knobs
	not knob in object.keys(_config)
}

config_errors contains _config_error($".{knob}", "must be true or false") if {
	some knob in {"bootstrap_existing_nodes", "require_credential_id"}
	value := _config[knob]
	not is_boolean(value)
}

config_errors contains _config_error(".max_expiration_seconds", "must be a whole number from 600 to 2147483647") if {
	value := _config.max_expiration_seconds
	not _is_expiration(value)
}

# A rule of its own: `not is_object(_config)` is undefined, not true, where the data is missing.
_config_given if is_object(_config)

_is_expiration(value) if {
	is_number(value)
	value == floor(value)
	value >= 600
	value <= 2147483647
}

_config_error(at, msg) := {"path": path, "msg": $"{path}: {msg}"} if path := $"csr.kubelet_client.config{at}"
