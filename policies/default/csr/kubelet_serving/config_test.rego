package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_changed(patch) := object.union(policy.config, patch)

_paths contains trim_prefix(error.path, "csr.kubelet_serving.config") if some error in policy.config_errors

test_shipped_data_is_correct if policy.config_errors == set()

test_missing_data_is_an_error if {
	count(policy.config_errors) == 1 with policy.config as null
}

test_missing_knobs_are_errors if {
	count(policy.config_errors) == 4 with policy.config as {}
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
