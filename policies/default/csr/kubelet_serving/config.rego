package csr.kubelet_serving

# METADATA
# title: Every knob is set, known, and of a value that can be meant
config_correct if count(config_errors) == 0

# The one place that reads the data. Undefined without it, and then `config_errors` is not empty.
_config := data.csr.kubelet_serving.config

_knobs := (_switches | object.keys(_numbers)) | {"trust", "inventory", "lookups", "reserved_names", "reserved_cidrs"}

_switches := {"require_credential_id", "newest_only"}

_numbers := {
	"max_expiration_seconds": {"least": 600, "most": 2147483647},
	# Kubernetes' cleaner deletes pending requests after a day.
	"max_age_seconds": {"least": 60, "most": 86400},
	# The program counts up to 256 requests of one node: a larger limit would never be met.
	"max_pending_requestor": {"least": 0, "most": 255},
	"max_pending_cluster": {"least": 0, "most": 1000000},
}

# METADATA
# title: What is wrong with the data
# description: |
#   The program evaluates it when it loads the bundle, and refuses a bundle for which it is not empty. A wrong value
#   could otherwise switch a rule off without a word, or confirm more than was meant.
# scope: document
config_errors contains _config_error("", "must be an object; is the data file missing?") if {
	not _config_given
}

config_errors contains _config_error($".{shortened(key)}", msg) if {
	msg := $"no such knob; there are {concat(", ", sort(_knobs))}"
	some key in object.keys(_config)
	not key in _knobs
}

config_errors contains _config_error($".{knob}", "must be set") if {
	_config_given
	some knob in _knobs
	not knob in object.keys(_config)
}

config_errors contains _config_error($".{knob}", msg) if {
	some knob, limits in _numbers
	value := _config[knob]
	not _is_whole_number(value, limits)
	msg := $"must be a whole number from {format_int(limits.least, 10)} to {format_int(limits.most, 10)}"
}

config_errors contains _config_error($".{knob}", "must be true or false") if {
	some knob in _switches
	value := _config[knob]
	not is_boolean(value)
}

config_errors contains _config_error($".{knob}", "must be a list") if {
	some knob in {"reserved_names", "reserved_cidrs"}
	value := _config[knob]
	not is_array(value)
}

config_errors contains _config_error($".reserved_names[{index}]", "must be a DNS name, perhaps after *.") if {
	some index, value in _config.reserved_names
	not _is_reserved_pattern(value)
}

config_errors contains _config_error($".reserved_cidrs[{index}]", msg) if {
	msg := "must be a range such as 10.0.0.0/8, from its first address on"
	some index, value in _config.reserved_cidrs
	not is_network(value)
}

# A rule of its own: `not is_object(_config)` is undefined, not true, where the data is missing.
_config_given if is_object(_config)

_is_whole_number(value, limits) if {
	is_number(value)
	value == floor(value)
	value >= limits.least
	value <= limits.most
}

_is_reserved_pattern(value) if {
	regex.match(`^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$`, value)
}

_config_error(at, msg) := {"path": path, "msg": $"{path}: {msg}"} if path := $"csr.kubelet_serving.config{at}"
