package csr.kubelet_serving

# METADATA
# title: Every lookup that trust names has an answer
# description: Found or not found. A lookup without answer is a missing fact, not a no.
lookups_known if {
	every name in _trusted_lookups {
		_lookup_answered(name)
	}
}

_trusted_lookups contains trim_prefix(source, "lookup:") if {
	some source in _sources
	startswith(source, "lookup:")
}

_lookup_answered(name) if is_boolean(input.lookups[name].found)

# The sources `lookup:NAME`: the addresses of the one object that stands for the Node. Texts in lower case; what kind of
# address it is says the text, not the object.
_known_to[source] contains text if {
	some name, texts in _lookup_texts
	source := $"lookup:{name}"
	some text in (_requested & texts)
}

_lookup_texts[name] contains lower(text) if {
	some name, found in _node_objects
	some text in _texts(object.get(found, _at(_config.lookups[name].addresses), null))
}

# Of several objects, nobody knows which one is the Node's.
_single_objects[name] := input.lookups[name].objects[0] if {
	some name in _trusted_lookups
	input.lookups[name].found == true
	input.lookups[name].more == false
	count(input.lookups[name].objects) == 1
}

_node_objects[name] := found if {
	some name, found in _single_objects
	_of_node(_config.lookups[name], found)
}

_of_node(lookup, _) if not "node" in object.keys(lookup)

_of_node(lookup, found) if {
	name := object.get(found, _at(lookup.node), null)
	name == input.node.name
}

# One object may hold the addresses of many Nodes, each under its name.
_at(path) := [replace(key, "{node_name}", input.node.name) | some key in path]

_texts(value) := {text | some entry in value; text := _address_in(entry)} if is_array(value)

_texts(value) := {text | some text in split(_with_commas(value), ","); text != ""} if is_string(value)

_address_in(entry) := entry if is_string(entry)

_address_in(entry) := entry.address if is_object(entry)

_with_commas(text) := strings.replace_n({" ": ",", "\t": ",", "\n": ",", "\r": ","}, text)

# Lookups that are worth a word: something is not confirmed, and they could confirm it.
_needed_lookups contains needed if {
	input.node.found
	count(_unconfirmed) > 0
	some needed in _trusted_lookups
}

# METADATA
# title: A lookup finds nothing
# description: The object that stands for the machine is not there yet, was deleted, or is not as the query asks for it.
# custom:
#   code: LookupNotFound
#   remedy: Ask the cluster for the object as the lookup's query does. If it is there, correct the query.
#   retry_after_seconds: 15
wait contains reason(rego.metadata.rule(), msg) if {
	some name in _needed_lookups
	input.lookups[name].found == false
	msg := $"lookup {name} found no object for Node {shortened(input.node.name)}"
}

# METADATA
# title: A lookup finds several objects
# description: The query is too wide, or two objects stand for one machine.
# custom:
#   code: LookupAmbiguous
#   remedy: Narrow the lookup's query, or delete the object that is stale. None of them is believed.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	some name in _needed_lookups
	input.lookups[name].found == true
	not name in object.keys(_single_objects)
	msg := $"lookup {name} did not find exactly one object for Node {shortened(input.node.name)}"
}

# METADATA
# title: The object that a lookup finds is another Node's
# description: The query finds an object whose `node` path holds another name, or none yet.
# custom:
#   code: LookupOfAnotherNode
#   remedy: Compare the object with the lookup's `node` path. Correct the query if it finds another machine's object.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	some name in _needed_lookups
	name in object.keys(_single_objects)
	not name in object.keys(_node_objects)
	msg := $"the object that lookup {name} found is not Node {shortened(input.node.name)}'s"
}

# METADATA
# title: The object that a lookup finds has no addresses
# description: The infrastructure has not given the machine its addresses yet, or the `addresses` path leads nowhere.
# custom:
#   code: LookupWithoutAddresses
#   remedy: Wait. If it stays so, compare the object with the lookup's `addresses` path.
#   retry_after_seconds: 15
wait contains reason(rego.metadata.rule(), msg) if {
	some name in _needed_lookups
	name in object.keys(_node_objects)
	not name in object.keys(_lookup_texts)
	msg := $"the object that lookup {name} found lists no addresses"
}
