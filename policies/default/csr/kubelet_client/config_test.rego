package csr.kubelet_client_test

import data.csr.kubelet_client as policy

_changed(patch) := object.union(policy.config, patch)

_entry(entry) := _changed({"bootstrappers": [{"groups": ["g"], "any_node_name": true}, entry]})

_paths contains trim_prefix(error.path, "csr.kubelet_client.config") if some error in policy.config_errors

test_shipped_data_is_correct if policy.config_errors == set()

test_missing_data_is_an_error if {
	count(policy.config_errors) == 1 with policy.config as null
}

test_missing_knobs_are_errors if {
	count(policy.config_errors) == 4 with policy.config as {}
}

test_wrong_knobs_are_named if {
	_paths == {".bootstrapper"} with policy.config as _changed({"bootstrapper": []})
	_paths == {".max_expiration_seconds"} with policy.config as _changed({"max_expiration_seconds": "1y"})
	_paths == {".max_expiration_seconds"} with policy.config as _changed({"max_expiration_seconds": 599})
	_paths == {".max_expiration_seconds"} with policy.config as _changed({"max_expiration_seconds": 2147483648})
	_paths == {".max_expiration_seconds"} with policy.config as _changed({"max_expiration_seconds": 600.5})
	_paths == {".require_credential_id"} with policy.config as _changed({"require_credential_id": "yes"})
	_paths == {".bootstrap_existing_nodes"} with policy.config as _changed({"bootstrap_existing_nodes": null})
	_paths == {".bootstrappers"} with policy.config as _changed({"bootstrappers": {}})
}

test_good_entries if {
	every entry in [
		{"users": ["joe", "^kubelet-[a-z]+$"], "node_names": ["^worker-[0-9]+$", "^n[0-9]$"]},
		{"groups": ["g"], "users": ["joe"], "any_node_name": true},
	] {
		_paths == set() with policy.config as _entry(entry)
	}
}

test_wrong_entries_are_named if {
	any_name := {"any_node_name": true}
	own := {"groups": ["g"]}
	entries := [
		["", "worker"],
		["", any_name],
		["", own],
		["", object.union(own, {"any_node_name": true, "node_names": ["^a$"]})],
		[".group", object.union(own, {"group": ["g"], "any_node_name": true})],
		[".any_node_name", object.union(own, {"any_node_name": false})],
		[".groups", object.union(any_name, {"groups": []})],
		[".groups", object.union(any_name, {"groups": "g"})],
		[".users", object.union(any_name, {"users": []})],
		[".node_names", object.union(own, {"node_names": []})],
		[".groups[1]", object.union(any_name, {"groups": ["g", ""]})],
		[".groups[0]", object.union(any_name, {"groups": [7]})],
		[".groups[0]", object.union(any_name, {"groups": ["system:authenticated"]})],
		[".groups[0]", object.union(any_name, {"groups": ["system:unauthenticated"]})],
		[".groups[1]", object.union(any_name, {"groups": ["g", "system:nodes"]})],
		[".groups[0]", object.union(any_name, {"groups": ["system:serviceaccounts"]})],
		[".users[0]", object.union(any_name, {"users": ["^joe"]})],
		[".users[0]", object.union(any_name, {"users": ["^.*$"]})],
		[".users[0]", object.union(any_name, {"users": ["^($"]})],
		[".node_names[0]", object.union(own, {"node_names": ["worker-1"]})],
		[".node_names[1]", object.union(own, {"node_names": ["^a$", "^.*$"]})],
		[".node_names[0]", object.union(own, {"node_names": ["^($"]})],
		[".node_names[0]", object.union(own, {"node_names": ["^[a-z].*$"]})],
		[".node_names[0]", object.union(own, {"node_names": ["^..+$"]})],
		[".node_names[0]", object.union(own, {"node_names": [7]})],
	]
	every pair in entries {
		_paths == {$".bootstrappers[1]{pair[0]}"} with policy.config as _entry(pair[1])
	}
}

_many(last) := {
	"groups": ["g"],
	"users": ["joe", "^joe-[0-9]+$"],
	"node_names": [$"^w{number}-[0-9]+$" | some number in numbers.range(2, last)],
}

test_patterns_are_few if {
	_paths == set() with policy.config as _entry(_many(64))
	_paths == {".bootstrappers"} with policy.config as _entry(_many(65))
	too_many := object.union(policy.config, {"bootstrappers": [_many(65)]})
	every user in ["joe", "joe-1"] {
		asking := changed({"requestor": {"username": user, "groups": ["system:authenticated", "g"]}})
		"BootstrapperNotAllowed" in codes with input as asking with policy.config as too_many
	}
}
