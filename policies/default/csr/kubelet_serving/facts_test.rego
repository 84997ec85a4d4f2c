package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_each_missing_fact_is_named if {
	every fact in ["sar", "node", "claims", "cluster", "pending"] {
		codes == {"FactMissing"} with input as object.remove(good, {fact})
	}
}

test_node_of_another_is_a_missing_fact if {
	claims := [{"address": "10.0.0.1", "nodes": []}, {"address": "n1", "nodes": []}]
	document := changed({"node": {"name": "n2"}, "claims": claims})
	codes == {"FactMissing"} with input as document
	policy.allow == false with input as document
}

test_missing_facts_are_listed if {
	every fact, shown in {"sar": "sar.selfnodeserver", "node": "node", "claims": "claims", "cluster": "cluster"} {
		messages == {$"the document lacks facts, or parts of them: {shown}"} with input as object.remove(good, {fact})
	}
}
