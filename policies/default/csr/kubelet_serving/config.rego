package csr.kubelet_serving

# METADATA
# title: Every knob is set, known, and of a value that can be meant
config_correct if count(config_errors) == 0

# The one place that reads the data. Undefined without it, and then `config_errors` is not empty.
_config := data.csr.kubelet_serving.config

_knobs := {"max_expiration_seconds", "require_credential_id", "reserved_names", "reserved_cidrs"}

# METADATA
# title: What is wrong with the data
# description: |
#   The program evaluates it when it loads the bundle, and refuses a bundle for which it is not empty. A wrong value
#   could otherwise switch a rule off without a word.
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

config_errors contains _config_error(".max_expiration_seconds", "must be a whole number from 600 to 2147483647") if {
	value := _config.max_expiration_seconds
	not _is_expiration(value)
}

config_errors contains _config_error(".require_credential_id", "must be true or false") if {
	value := _config.require_credential_id
	not is_boolean(value)
}

config_errors contains _config_error($".{knob}", "must be a list") if {
	some knob in {"reserved_names", "reserved_cidrs"}
	value := _config[knob]
	not is_array(value)
}

config_errors contains _config_error($".reserved_names[{index}]", "must be a DNS name, perhaps after *.") if {
	some index, value in _config.reserved_names
	not _is_name_pattern(value)
}

config_errors contains _config_error($".reserved_cidrs[{index}]", "must be a range such as 10.0.0.0/8") if {
	some index, value in _config.reserved_cidrs
	not is_cidr(value)
}

# A rule of its own: `not is_object(_config)` is undefined, not true, where the data is missing.
_config_given if is_object(_config)

_is_expiration(value) if {
	is_number(value)
	value == floor(value)
	value >= 600
	value <= 2147483647
}

_is_name_pattern(value) if {
	regex.match(`^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$`, value)
}

_config_error(at, msg) := {"path": path, "msg": $"{path}: {msg}"} if path := $"csr.kubelet_serving.config{at}"
