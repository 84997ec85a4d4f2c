package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_with(patch) := object.union(policy.config, patch)

_wrong contains error.path if some error in policy.config_errors

test_lifetimes_from_600_seconds_to_31_bits if {
	every seconds in [600, 2147483647] {
		_wrong == set() with policy.config as _with({"max_expiration_seconds": seconds})
	}
}

test_ranges_must_be_a_list if {
	_wrong == {"csr.kubelet_serving.config.reserved_cidrs"} with policy.config as _with({"reserved_cidrs": "10.0.0.0/8"})
}

test_names_may_be_reserved if {
	label := concat("", ["a" | some _ in numbers.range(1, 63)])
	every name in ["a", "a.b", "a-1.b-2", "a1b.0a1b", "a.ab", "ab.1", $"{label}.{label}", "*.a-b.c"] {
		_wrong == set() with policy.config as _with({"reserved_names": [name]})
	}
}

test_other_texts_may_not_be_reserved if {
	label := concat("", ["a" | some _ in numbers.range(1, 64)])
	every name in ["x*.a", "a-", "a.b-", "a.b\n", "a_b", label, $"a.{label}", ""] {
		_wrong == {"csr.kubelet_serving.config.reserved_names[0]"} with policy.config as _with({"reserved_names": [name]})
	}
}

test_missing_data_is_named if {
	_wrong == {"csr.kubelet_serving.config"} with policy.config as null
}
