package csr.kubelet_client_test

import data.csr.kubelet_client as policy

test_key_encipherment_is_optional if {
	policy.usages_allowed with input as good
	policy.usages_allowed with input as changed({"usages": ["client auth", "digital signature", "key encipherment"]})
}

test_other_usages_are_denied if {
	every usages in [
		[],
		["client auth"],
		["digital signature", "server auth"],
		["client auth", "digital signature", "server auth"],
		["client auth", "client auth", "digital signature"],
	] {
		codes == {"UsagesNotAllowed"} with input as changed({"usages": usages})
	}
}
