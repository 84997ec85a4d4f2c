package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_key_encipherment_is_optional if {
	policy.usages_allowed with input as good
	policy.usages_allowed with input as changed({"usages": ["digital signature", "key encipherment", "server auth"]})
}

test_other_usages_are_denied if {
	every usages in [
		[],
		["server auth"],
		["client auth", "digital signature", "server auth"],
		["digital signature", "digital signature", "server auth"],
	] {
		"UsagesNotAllowed" in codes with input as changed({"usages": usages})
	}
}
