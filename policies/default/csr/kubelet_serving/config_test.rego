package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_changed(patch) := turned(patch)

_paths contains trim_prefix(error.path, "csr.kubelet_serving.config") if some error in policy.config_errors

test_shipped_data_is_correct if policy.config_errors == set()

test_missing_data_is_an_error if {
	count(policy.config_errors) == 1 with policy.config as null
}

test_missing_knobs_are_errors if {
	count(policy.config_errors) == 11 with policy.config as {}
}

test_wrong_knobs_are_named if {
	_paths == {".reserved_name"} with policy.config as _changed({"reserved_name": []})
	_paths == {".max_expiration_seconds"} with policy.config as _changed({"max_expiration_seconds": "1y"})
	_paths == {".max_expiration_seconds"} with policy.config as _changed({"max_expiration_seconds": 599})
	_paths == {".max_expiration_seconds"} with policy.config as _changed({"max_expiration_seconds": 2147483648})
	_paths == {".max_expiration_seconds"} with policy.config as _changed({"max_expiration_seconds": 600.5})
	_paths == {".require_credential_id"} with policy.config as _changed({"require_credential_id": "yes"})
	_paths == {".reserved_names"} with policy.config as _changed({"reserved_names": "n1"})
	_paths == {".reserved_names[1]"} with policy.config as _changed({"reserved_names": ["n1", "N1"]})
	_paths == {".reserved_names[0]"} with policy.config as _changed({"reserved_names": ["*"]})
	_paths == {".reserved_cidrs[1]"} with policy.config as _changed({"reserved_cidrs": ["10.0.0.0/8", "10.0.0.0/33"]})
}

_pool(patch) := turned({"inventory": {"p": object.union({"node_name": "^n[0-9]$", "names": ["{node}"]}, patch)}})

_lookup(patch) := turned({"lookups": {"m": object.union(
	{"query": {"version": "v1", "resource": "machines", "name": "{node_name}"}, "addresses": ["addresses"]},
	patch,
)}})

test_wrong_numbers_are_named if {
	every knob in ["max_age_seconds", "max_pending_requestor", "max_pending_cluster"] {
		_paths == {$".{knob}"} with policy.config as _changed({knob: -1})
	}
	_paths == {".newest_only"} with policy.config as _changed({"newest_only": 1})
}

test_wrong_trust_is_named if {
	_paths == {".trust"} with policy.config as _changed({"trust": []})
	_paths == {".trust[0]"} with policy.config as _changed({"trust": [[]]})
	_paths == {".trust[0][0]"} with policy.config as _changed({"trust": [["inventory"]]})
	_paths == {".trust[0][1]"} with policy.config as _changed({"trust": [["node-status", "lookup:m"]]})
	_paths == set() with policy.config as object.union(_pool({}), {"trust": [["inventory"]]})
	_paths == set() with policy.config as object.union(_lookup({}), {"trust": [["lookup:m"]]})
}

test_wrong_pools_are_named if {
	_paths == {".inventory"} with policy.config as _changed({"inventory": []})
	_paths == {".inventory.p"} with policy.config as _changed({"inventory": {"p": []}})
	_paths == {".inventory.p"} with policy.config as _changed({"inventory": {"p": {}}})
	_paths == {".inventory.p.name"} with policy.config as _pool({"name": "n1"})
	_paths == {".inventory.p.node_name"} with policy.config as _pool({"node_name": "^a|b$"})
	_paths == {".inventory.p.node_name"} with policy.config as _pool({"node_name": "^.*$"})
	_paths == {".inventory.p.labels"} with policy.config as _pool({"labels": {}})
	_paths == {".inventory.p.labels.pool"} with policy.config as _pool({"labels": {"pool": "a"}})
	_paths == {".inventory.p.cidrs"} with policy.config as _pool({"cidrs": "10.0.0.0/8"})
	_paths == {".inventory.p.names[0]"} with policy.config as _pool({"names": ["*"]})
	_paths == {".inventory.p.cidrs[0]"} with policy.config as _pool({"cidrs": ["0.0.0.0/0"]})
	_paths == set() with policy.config as _pool({"labels": {"node-role.kubernetes.io/worker": ""}})
	many := {$"p{n}": {"node_name": $"^w{n}.$", "names": ["a"]} | some n in numbers.range(1, 65)}
	_paths == {".inventory"} with policy.config as _changed({"inventory": many})
}

test_wrong_lookups_are_named if {
	_paths == {".lookups"} with policy.config as _changed({"lookups": []})
	_paths == {".lookups.m"} with policy.config as _changed({"lookups": {"m": []}})
	_paths == {".lookups.m.query", ".lookups.m.addresses"} with policy.config as _changed({"lookups": {"m": {}}})
	_paths == {".lookups.m.path"} with policy.config as _lookup({"path": []})
	_paths == {".lookups.m.addresses"} with policy.config as _lookup({"addresses": []})
	_paths == {".lookups.m.query"} with policy.config as _lookup({"query": "machines"})
	_paths == {".lookups.m.query.kind"} with policy.config as _lookup({"query": {"kind": "Machine"}})
	_paths == {".lookups.m.query.version"} with policy.config as _lookup({"query": {"version": ""}})
	_paths == {".lookups.m.query.group"} with policy.config as _lookup({"query": {"group": 1}})
	_paths == {".lookups.m.query.labels"} with policy.config as _lookup({"query": {"labels": []}})
	_paths == {".lookups.m.query"} with policy.config as _lookup({"query": {"labels": {"a": "b"}}})
	_paths == {".lookups.m"} with policy.config as _lookup({"query": {"name": "n1"}})
	_paths == set() with policy.config as _lookup({"query": {"name": "n1"}, "node": ["name"]})
	_paths == set() with policy.config as _lookup({"query": {"name": "n1"}, "addresses": ["{node_name}"]})
}

test_missing_fields_of_a_query_are_named if {
	lookups := {"m": {"query": {"name": "{node_name}"}, "addresses": ["addresses"]}}
	expected := {".lookups.m.query.version", ".lookups.m.query.resource"}
	_paths == expected with policy.config as _changed({"lookups": lookups})
}
