package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_workers_with(pool) := {"workers": object.union({"node_name": "^n[0-9]+$"}, pool)}

test_all_of_a_combination_must_confirm if {
	config := turned({"trust": [["node-status", "inventory"]], "inventory": _workers_with({"names": ["{node}"]})})
	codes == {"SANNotConfirmed"} with input as good with policy.config as config
	some reason in policy.wait with input as good with policy.config as config
	reason.msg == "no combination of trust confirms 10.0.0.1 (not by inventory)"
}

test_one_combination_is_enough_for_each if {
	config := turned({"trust": [["node-status"], ["inventory"]], "inventory": _workers_with({"names": ["x.example.com"]})})
	policy.allow with input as object.union(
		with_names(["x.example.com"]),
		{"claims": [{"address": "10.0.0.1", "nodes": ["n1"]}, {"address": "x.example.com", "nodes": []}]},
	)
		with policy.config as config
}

test_an_empty_combination_confirms_nothing if {
	not policy.names_confirmed with input as good with policy.config as turned({"trust": [[]]})
	not policy.names_confirmed with input as good with policy.config as turned({"trust": [["hearsay"]]})
}

_names(count_of_names) := with_names([$"x{n}" | some n in numbers.range(1, count_of_names)])

test_long_messages_are_cut if {
	config := turned({"trust": [["inventory"]], "inventory": _workers_with({"names": ["none"], "cidrs": ["10.0.0.0/24"]})})
	lines := concat("; ", [$"x{n} (not by inventory)" | some n in numbers.range(1, 5)])
	five := $"no combination of trust confirms {lines}"
	five in messages with input as _names(5) with policy.config as config
	$"{five} and 1 more" in messages with input as _names(6) with policy.config as config
	$"{five} and 2 more" in messages with input as _names(7) with policy.config as config
}
