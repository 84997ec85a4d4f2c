package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_what_the_node_does_not_list_is_waited_for if {
	"SANNotListed" in codes with input as with_names(["n2"])
	"SANNotListed" in codes with input as with_addresses(["10.0.0.2"])
}

test_names_are_compared_without_case if {
	policy.names_confirmed with input as with_names(["N1"])
}

test_names_alone_are_warned_about if {
	{reason.code | some reason in policy.warn} == {"NoIPAddress"} with input as with_addresses([])
}

test_what_the_node_lists_is_named if {
	messages == {"not listed by Node n1 (10.0.0.1, n1): 10.0.0.2"} with input as object.union(
		with_addresses(["10.0.0.2"]),
		{"claims": [{"address": "10.0.0.2", "nodes": []}, {"address": "n1", "nodes": []}]},
	)
}
