package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_with_claims(claims) := changed({"claims": claims})

test_claim_of_another_node_is_waited_for if {
	claims := [{"address": "10.0.0.1", "nodes": ["n1", "n2"]}, {"address": "n1", "nodes": ["n1"]}]
	codes == {"SANClaimed"} with input as _with_claims(claims)
	some reason in policy.wait with input as _with_claims(claims)
	reason.msg == "also listed by n2: 10.0.0.1"
}

test_incomplete_claims_are_not_known if {
	codes == {"FactMissing"} with input as _with_claims([{"address": "n1", "nodes": ["n1"]}])
}

test_claims_on_other_addresses_do_not_matter if {
	codes == set() with input as _with_claims(array.concat(good.claims, [{"address": "10.0.0.2", "nodes": ["n2"]}]))
}

_contested := _with_claims([{"address": "10.0.0.1", "nodes": ["n1", "n2"]}, {"address": "n1", "nodes": ["n1", "n3"]}])

_inventoried(pool) := turned({"trust": [["inventory"]], "inventory": {"workers": pool}})

test_claims_are_settled_by_what_singles_the_node_out if {
	config := _inventoried({"node_name": "^n1$", "names": ["{node}"], "cidrs": ["10.0.0.1/32"]})
	policy.allow with input as _contested with policy.config as config
	warnings == {"SANClaimedByOther"} with input as _contested with policy.config as config
	some reason in policy.warn with input as _contested with policy.config as config
	reason.msg == "also listed by n2, n3: 10.0.0.1, n1"
}

test_messages_name_what_they_are_about if {
	config := _inventoried({"node_name": "^n1$", "names": ["{node}"], "cidrs": ["10.0.0.0/31"]})
	messages == {"also listed by n2: 10.0.0.1"} with input as _contested with policy.config as config
	some reason in policy.warn with input as _contested with policy.config as config
	reason.msg == "also listed by n3: n1"
}

test_claims_are_not_settled_by_what_others_have_too if {
	every pool in [
		{"node_name": "^n1$", "names": ["{node}"], "cidrs": ["10.0.0.0/31"]},
		{"node_name": "^n[0-9]$", "names": ["{node}"], "cidrs": ["10.0.0.1/32"]},
		{"node_name": "^n1$", "names": ["{host}"], "cidrs": ["10.0.0.1/32"]},
		{"node_name": "^n1$", "names": ["n1"], "cidrs": ["10.0.0.1/32"]},
	] {
		codes == {"SANClaimed"} with input as _contested with policy.config as _inventoried(pool)
	}
}

test_the_name_of_another_node_is_its_own if {
	document := object.union(with_names(["n2"]), {"claims": [
		{"address": "10.0.0.1", "nodes": ["n1"]},
		{"address": "n2", "nodes": ["n2"]},
	]})
	lookups := {"machine": {
		"query": {"version": "v1", "resource": "machines", "name": "{node_name}"},
		"addresses": ["addresses"],
	}}
	found := {"lookups": {"machine": {
		"found": true,
		"more": false,
		"objects": [{"addresses": ["10.0.0.1", "n2"]}],
	}}}
	config := turned({"trust": [["lookup:machine"]], "lookups": lookups})
	codes == {"SANClaimed"} with input as object.union(document, found) with policy.config as config
}
