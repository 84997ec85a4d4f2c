package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_configured_names_are_denied if {
	document := with_names(["N1", "a.example.com"])
	every pattern in ["n1", "*.example.com"] {
		config := object.union(policy.config, {"reserved_names": [pattern]})
		"NameReservedByConfig" in codes with input as document with policy.config as config
	}
}

test_configured_ranges_are_denied if {
	config := object.union(policy.config, {"reserved_cidrs": ["10.0.0.0/24"]})
	codes == {"AddressReservedByConfig"} with input as good with policy.config as config
}

test_other_names_and_ranges_do_not_matter if {
	patch := {"reserved_names": ["*.n1", "n2"], "reserved_cidrs": ["10.0.1.0/24"]}
	config := object.union(policy.config, patch)
	policy.allow with input as good with policy.config as config
}

# Engines disagree about such ranges. They are errors of the configuration, too.
test_malformed_range_covers_nothing if {
	config := object.union(policy.config, {"reserved_cidrs": ["10.0.0.0/08"]})
	policy.addresses_open with input as good with policy.config as config
	policy.allow == false with input as good with policy.config as config
}
