package csr.floor.client_test

import data.csr.floor.client as policy

test_good_requests_pass if {
	every document in [good, renewal] {
		policy.form with input as object.remove(document, {"sar", "node"})
		policy.facts with input as document
	}
}

test_nothing_passes_without_facts if {
	not policy.facts with input as object.remove(good, {"sar"})
	not policy.facts with input as object.remove(renewal, {"sar"})
}

test_nothing_passes_without_input if {
	policy.form == false with input as {}
	policy.facts == false with input as {}
}
