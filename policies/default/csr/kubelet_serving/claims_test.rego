package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_with_claims(claims) := changed({"claims": claims})

test_claim_of_another_node_is_waited_for if {
	claims := [{"address": "10.0.0.1", "nodes": ["n1", "n2"]}, {"address": "n1", "nodes": ["n1"]}]
	codes == {"SANClaimed"} with input as _with_claims(claims)
	some reason in policy.wait with input as _with_claims(claims)
	reason.msg == "also listed by n2: 10.0.0.1"
}

test_incomplete_claims_are_not_known if {
	codes == {"FactMissing"} with input as _with_claims([{"address": "n1", "nodes": ["n1"]}])
}

test_claims_on_other_addresses_do_not_matter if {
	codes == set() with input as _with_claims(array.concat(good.claims, [{"address": "10.0.0.2", "nodes": ["n2"]}]))
}
