package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_machine := {
	"query": {"version": "v1", "resource": "machines", "match": {"status.nodeRef.name": "{node_name}"}},
	"addresses": ["status", "addresses"],
	"node": ["status", "nodeRef", "name"],
}

_trusted(lookup) := turned({"trust": [["lookup:machine"]], "lookups": {"machine": lookup}})

_found(objects) := changed({"lookups": {"machine": {"found": count(objects) > 0, "more": false, "objects": objects}}})

_status(addresses) := {"status": {"nodeRef": {"name": "n1"}, "addresses": addresses}}

test_object_of_the_node_confirms if {
	every addresses in [
		["10.0.0.1", "N1"],
		[{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": "n1"}],
		"10.0.0.1, n1",
		"10.0.0.1\n\tn1 ",
		"10.0.0.1\r\rn1",
	] {
		policy.allow with input as _found([_status(addresses)]) with policy.config as _trusted(_machine)
	}
}

test_why_a_lookup_does_not_confirm if {
	good_object := _status(["10.0.0.1", "n1"])
	other := {"status": {"nodeRef": {"name": "n2"}, "addresses": ["10.0.0.1", "n1"]}}
	every code, objects in {
		"LookupNotFound": [],
		"LookupAmbiguous": [good_object, other],
		"LookupOfAnotherNode": [other],
		"LookupWithoutAddresses": [_status([])],
	} {
		codes == {code, "SANNotConfirmed"} with input as _found(objects) with policy.config as _trusted(_machine)
	}
	codes == {"SANNotConfirmed"} with input as _found([_status(["10.0.0.1"])]) with policy.config as _trusted(_machine)
}

test_unanswered_lookup_is_a_missing_fact if {
	codes == {"FactMissing", "SANNotConfirmed"} with input as good with policy.config as _trusted(_machine)
}

test_addresses_under_the_name_of_the_node if {
	lookup := {"query": {"version": "v1", "resource": "configmaps", "name": "all"}, "addresses": ["data", "{node_name}"]}
	document := _found([{"data": {"n1": "10.0.0.1 n1", "n2": "10.0.0.2"}}])
	policy.allow with input as document with policy.config as _trusted(lookup)
}

test_a_lookup_settles_claims if {
	document := object.union(_found([_status(["10.0.0.1", "n1"])]), {"claims": [
		{"address": "10.0.0.1", "nodes": ["n1", "n2"]},
		{"address": "n1", "nodes": ["n1"]},
	]})
	policy.allow with input as document with policy.config as _trusted(_machine)
	warnings == {"SANClaimedByOther"} with input as document with policy.config as _trusted(_machine)
}

test_what_nodes_write_is_not_looked_up if {
	every resource in [["", "nodes"], ["", "nodes/status"], ["", "Pods"], ["storage.k8s.io", "csinodes"]] {
		query := object.union(_machine.query, {"group": resource[0], "resource": resource[1]})
		config := _trusted(object.union(_machine, {"query": query}))
		paths := {error.path | some error in policy.config_errors} with policy.config as config
		paths == {"csr.kubelet_serving.config.lookups.machine.query.resource"}
	}
}
