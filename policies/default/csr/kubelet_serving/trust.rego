package csr.kubelet_serving

# METADATA
# title: Every DNS name is confirmed
# description: |
#   By all sources of one combination of `trust` at least. Each name and address may be confirmed by another one.
names_confirmed if {
	every name in input.sans.dns {
		["dns", name] in _confirmed
	}
}

# METADATA
# title: Every IP address is confirmed
# description: By all sources of one combination of `trust` at least.
addresses_confirmed if {
	every address in input.sans.ip {
		["ip", address] in _confirmed
	}
}

# With its kind: a DNS name that is written like an address is another thing to a Node, which lists it as a name.
_sans contains ["dns", name] if some name in input.sans.dns

_sans contains ["ip", address] if some address in input.sans.ip

_confirmed contains san if {
	some san in _sans
	some combination in _config.trust
	_confirmed_by_all(combination, san)
}

# A source that says nothing of a name is not left out, but fails the combination; and so does an empty combination, of
# which `every` would hold.
_confirmed_by_all(combination, san) if {
	count(combination) > 0
	every source in combination {
		san in _confirmed_by[source]
	}
}

_unconfirmed := _sans - _confirmed

# Inventory and lookups know texts: a DNS name that is written like an address must be listed there as an address.
_confirmed_by[source] contains san if {
	some source, texts in _known_to
	some san in _sans
	lower(san[1]) in texts
}

_sources contains source if {
	some combination in _config.trust
	some source in combination
}

_lacking[san] contains source if {
	some san in _unconfirmed
	some source in _sources
	not san in object.get(_confirmed_by, source, set())
}

# METADATA
# title: The sources of trust do not confirm what is requested
# description: |
#   The inventory or a looked-up object does not list it, or does not list it yet, or the requestor asks for what is not
#   its own.
# custom:
#   code: SANNotConfirmed
#   remedy: |
#     Compare the request with the sources that the message names for each name and address. What stays so is a request
#     for another's.
#   retry_after_seconds: 15
wait contains reason(rego.metadata.rule(), msg) if {
	input.node.found
	_sources != {"node-status"}
	count(_lacking) > 0
	lines := sort([$"{shortened(text)} (not by {concat(", ", sort(sources))})" | some [_, text], sources in _lacking])
	msg := $"no combination of trust confirms {concat("; ", array.slice(lines, 0, 5))}{_and_more(lines)}"
}

_and_more(lines) := "" if count(lines) <= 5

_and_more(lines) := $" and {count(lines) - 5} more" if count(lines) > 5
