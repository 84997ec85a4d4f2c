package csr.floor.serving_test

import data.csr.floor.serving as policy

test_good_request_passes if {
	policy.form with input as object.remove(good, {"node", "cluster", "claims", "sar"})
	policy.facts with input as good
}

test_nothing_passes_without_facts if {
	not policy.facts with input as object.remove(good, {"node"})
	not policy.facts with input as object.remove(good, {"cluster"})
}

test_nothing_passes_without_input if {
	policy.form == false with input as {}
	policy.facts == false with input as {}
}
