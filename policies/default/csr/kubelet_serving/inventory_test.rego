package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_workers := {"node_name": "^n[0-9]+$", "names": ["{node}", "{host}.*.example.com"], "cidrs": ["10.0.0.0/16"]}

_with_pool(pool) := turned({"trust": [["inventory"]], "inventory": {"workers": pool}})

_unlisted := changed({"node": {"addresses": []}})

test_inventory_needs_no_listing if {
	policy.allow with input as _unlisted with policy.config as _with_pool(_workers)
	codes == set() with input as _unlisted with policy.config as _with_pool(_workers)
}

test_pools_are_chosen_by_name_and_labels if {
	every pool in [
		{"node_name": "^m[0-9]+$"},
		{"node_name": "^n2$"},
		{"labels": {"node-role.kubernetes.io/worker": ""}},
		{"node_name": "^n1$", "labels": {"node-role.kubernetes.io/worker": ""}},
	] {
		config := _with_pool(object.union(object.remove(_workers, ["node_name"]), pool))
		codes == {"NodeInNoPool", "SANNotConfirmed"} with input as good with policy.config as config
	}
	labelled := changed({"node": {"labels": {"node-role.kubernetes.io/worker": ""}}})
	pool := object.union(_workers, {"node_name": "^n1$", "labels": {"node-role.kubernetes.io/worker": ""}})
	policy.allow with input as labelled with policy.config as _with_pool(pool)
	policy.allow with input as labelled with policy.config as _with_pool(object.remove(pool, ["node_name"]))
}

test_names_and_ranges_confirm if {
	config := _with_pool(_workers)
	policy.names_confirmed with input as with_names(["N1", "n1.a.example.com"]) with policy.config as config
	every name in ["n2", "n1.example.com", "n1.a.b.example.com", "a.n1", "10.0.0.1"] {
		not policy.names_confirmed with input as with_names([name]) with policy.config as object.union(
			config,
			{"inventory": {"workers": {"cidrs": ["10.1.0.0/16"]}}},
		)
	}
	not policy.addresses_confirmed with input as with_addresses(["10.1.0.1"]) with policy.config as config
	policy.names_confirmed with input as with_names(["10.0.7.7"]) with policy.config as config
}

test_pools_of_names_or_of_ranges_alone if {
	codes == {"SANNotConfirmed"} with input as good with policy.config as _with_pool(object.remove(_workers, ["cidrs"]))
	codes == {"SANNotConfirmed"} with input as good with policy.config as _with_pool(object.remove(_workers, ["names"]))
}

test_dot_of_a_node_name_is_a_dot if {
	node := "n1.example.com"
	document := object.union(with_names(["n1xexample.com"]), {
		"requestor": {"username": $"system:node:{node}"},
		"node": {"name": node},
	})
	pool := {"node_name": `^n1\.example\.com$`, "names": ["{node}"]}
	not policy.names_confirmed with input as document with policy.config as _with_pool(pool)
	same := object.union(document, {"sans": {"dns": [node]}})
	policy.names_confirmed with input as same with policy.config as _with_pool(pool)
}

test_pool_without_node_confirms_nothing if {
	every pool in [
		{"names": ["{node}"]},
		{"names": ["{node}"], "labels": {}},
		{"names": ["{node}"], "node_name": "n"},
	] {
		not policy.names_confirmed with input as good with policy.config as _with_pool(pool)
	}
}

test_pool_of_ranges_confirms_no_name if {
	pool := {"node_name": "^n1$", "cidrs": ["10.0.0.0/16"]}
	not policy.names_confirmed with input as with_names([""]) with policy.config as _with_pool(pool)
}

test_only_the_requestors_node_has_a_pool if {
	every document in [
		changed({"node": {"name": "n2"}, "sans": {"dns": ["n2"]}}),
		changed({"requestor": {"username": "n1"}}),
	] {
		not policy.names_confirmed with input as document with policy.config as _with_pool(_workers)
	}
}

_pools_of(expressions) := turned({
	"trust": [["inventory"]],
	"inventory": {expression: {"node_name": expression, "names": ["{node}"]} | some expression in expressions},
})

test_at_most_64_expressions_are_tried if {
	others := {$"^w{n}.$" | some n in numbers.range(1, 63)}
	policy.names_confirmed with input as good with policy.config as _pools_of(others | {"^n.$"})
	not policy.names_confirmed with input as good with policy.config as _pools_of(others | {"^n.$", "^x.$"})
}

test_any_number_of_names_is_tried if {
	others := {$"^w-{n}$" | some n in numbers.range(1, 65)}
	policy.names_confirmed with input as good with policy.config as _pools_of(others | {"^n.$"})
}
