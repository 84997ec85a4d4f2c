package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_missing_node_is_waited_for if {
	document := changed({"node": {"found": false, "name": "", "addresses": []}})
	"NodeNotFound" in codes with input as document
	not policy.node_found with input as document
}

test_node_of_another_proves_nothing if {
	policy.node_is_requestor with input as good
	not policy.node_is_requestor with input as changed({"node": {"name": "n2"}})
}
