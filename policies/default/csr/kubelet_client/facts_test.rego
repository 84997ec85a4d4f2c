package csr.kubelet_client_test

import data.csr.kubelet_client as policy

test_each_missing_fact_is_named if {
	every fact in ["sar", "node"] {
		codes == {"FactMissing"} with input as object.remove(good, {fact})
		codes == {"FactMissing"} with input as object.remove(renewal, {fact})
	}
}

test_review_of_the_other_kind_may_be_missing if {
	document := object.union(object.remove(good, {"sar"}), {"sar": {"nodeclient": good.sar.nodeclient}})
	policy.allow with input as document
}

test_node_of_another_is_a_missing_fact if {
	every document in [changed({"node": {"name": "n2"}}), renewal_with({"node": {"name": ""}})] {
		codes == {"FactMissing"} with input as document
		policy.allow == false with input as document
	}
}

test_missing_facts_are_listed if {
	about := "the document lacks facts, or parts of them"
	messages == {$"{about}: node"} with input as object.remove(good, {"node"})
	messages == {$"{about}: sar.nodeclient"} with input as object.remove(good, {"sar"})
	messages == {$"{about}: node (this one is another's)"} with input as changed({"node": {"name": "n2"}})
}

test_parts_of_facts_are_missing_facts if {
	codes == {"AccessNotGranted", "FactMissing"} with input as changed({"sar": {"nodeclient": {"allowed": "yes"}}})
	codes == {"FactMissing"} with input as changed({"node": {"found": "no"}})
}
