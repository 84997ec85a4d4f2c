package csr.kubelet_serving_test

_with_node(patch) := changed({"node": patch})

test_terminating_node_is_waited_for if codes == {"NodeTerminating"} with input as _with_node({"deleting": true})

test_node_of_the_same_second_is_old_enough if {
	codes == set() with input as _with_node({"created_at": "2026-11-22T05:59:59Z"})
	codes == set() with input as _with_node({"created_at": "2026-11-22T05:59:59.999Z"})
}

test_younger_node_is_waited_for if {
	every created_at in [
		"2026-11-22T06:00:00Z",
		"2026-11-22T05:00:00+02:00",
		"",
		"x2026-11-22T05:00:00Z",
		"2026-11-22T05:00:00.Z",
		"2026-11-22T05:00:00.1",
		"2026-11-22T05:00:00.1+02:00Z",
		"2026-11-22T05:00:00,1Z",
	] {
		codes == {"NodeYoungerThanRequest"} with input as _with_node({"created_at": created_at})
	}
}

test_node_over_the_cap_is_waited_for if {
	codes == {"NodeAddressesOverCap"} with input as _with_node({"addresses_over_cap": true, "addresses": []})
}

test_node_without_addresses_is_waited_for if {
	codes == {"NodeWithoutAddresses"} with input as _with_node({"addresses": []})
}
