package csr.kubelet_client_test

import data.csr.kubelet_client as policy

_lenient := object.union(policy.config, {"bootstrap_existing_nodes": true})

_existing := changed({"node": {"found": true}})

_warnings contains reason.code if some reason in policy.warn

test_node_that_exists_is_not_bootstrapped if codes == {"NodeExists"} with input as _existing

test_node_that_exists_is_bootstrapped_where_that_is_allowed if {
	policy.allow with input as _existing with policy.config as _lenient
	_warnings == {"NodeBootstrappedAgain"} with input as _existing with policy.config as _lenient
	_warnings == set() with input as good with policy.config as _lenient
}

test_node_that_is_gone_does_not_renew if {
	codes == {"NodeNotFound"} with input as renewal_with({"node": {"found": false}})
}

test_node_that_is_deleted_does_not_renew if {
	codes == {"NodeTerminating"} with input as renewal_with({"node": {"deleting": true}})
}

test_earlier_machine_does_not_renew if {
	every created_at in ["2026-11-22T05:59:59Z", "2026-11-22T05:59:59.999Z"] {
		policy.allow with input as renewal_with({"node": {"created_at": created_at}})
	}
	every created_at in [
		"2026-11-22T06:00:00Z",
		"",
		"x2026-11-22T05:00:00Z",
		"2026-11-22T05:00:00+02:00",
		"2026-11-22T05:00:00.Z",
		"2026-11-22T05:00:00.1",
		"2026-11-22T05:00:00.1+02:00Z",
		"2026-11-22T05:00:00,1Z",
	] {
		codes == {"NodeYoungerThanRequest"} with input as renewal_with({"node": {"created_at": created_at}})
	}
}

test_nodes_are_not_bootstrapped if {
	_warnings == set() with input as renewal with policy.config as _lenient
	half_a_node := renewal_with({"requestor": {"groups": ["system:authenticated"]}})
	not policy.node_in_place with input as half_a_node with policy.config as _lenient
}
