package acme.kubelet_serving

import data.csr.kubelet_serving as base

# The one place that reads the data. Undefined without it, and then nothing is permitted.
_windows := data.acme.kubelet_serving.config.freeze

# METADATA
# title: No freeze holds for the Node
# description: |
#   A Node that was there before the freeze goes on getting certificates: renewals change nothing, and without them its
#   logs and metrics would end. The time is in the input; RFC 3339 in UTC, of one length, is ordered as text is.
change_permitted if {
	count(config_errors) == 0
	every window in _windows {
		_permits(window)
	}
}

_permits(window) if input.now < window.from

_permits(window) if input.now >= window.until

_permits(window) if {
	input.node.found == true
	input.node.created_at < window.from
}

_holding contains window if {
	some window in _windows
	not _permits(window)
}

# METADATA
# title: A change freeze holds
# description: The Node is new, and new nodes get no certificate in a freeze.
# custom:
#   code: ChangeFreeze
#   remedy: Wait until the freeze is over, or approve the request by hand.
#   retry_after_seconds: 300
wait contains reason if {
	metadata := rego.metadata.rule().custom
	some window in _holding
	name := base.shortened(window.reason)
	reason := {
		"code": metadata.code,
		"msg": $"no certificates for new nodes until {window.until}: {name}",
		"retry_after_seconds": metadata.retry_after_seconds,
	}
}

config_errors contains _freeze_error("freeze", "must be a list of windows; is the data file missing?") if {
	not _windows_given
}

config_errors contains _freeze_error($"freeze[{index}]", msg) if {
	msg := "must have from before until, both such as 2026-12-18T16:00:00Z, and a reason"
	some index, window in _windows
	not _is_window(window)
}

# A rule of its own: `not is_array(_windows)` is undefined, not true, where the data is missing.
_windows_given if is_array(_windows)

_is_window(window) if {
	object.keys(window) == {"from", "reason", "until"}
	every moment in [window.from, window.until] {
		regex.match(`^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$`, moment)
	}
	window.from < window.until
	is_string(window.reason)
}

_freeze_error(at, msg) := {"path": path, "msg": $"{path}: {msg}"} if path := $"acme.kubelet_serving.config.{at}"
