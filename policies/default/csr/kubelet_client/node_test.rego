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

test_nodes_are_not_bootstrapped if {
	_warnings == set() with input as renewal with policy.config as _lenient
	half_a_node := renewal_with({"requestor": {"groups": ["system:authenticated"]}})
	not policy.node_in_place with input as half_a_node with policy.config as _lenient
}
