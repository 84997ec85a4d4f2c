package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_with_pending(patch) := changed({"pending": patch})

test_older_request_waits if {
	codes == {"NewerRequest"} with input as _with_pending({"newer": true})
	policy.allow with input as _with_pending({"newer": true}) with policy.config as turned({"newest_only": false})
}

test_breakers_are_off_by_default if policy.allow with input as _with_pending({"requestor": 256, "cluster": 100000})

test_breakers_trip_above_the_limit if {
	config := turned({"max_pending_requestor": 3, "max_pending_cluster": 30})
	policy.allow with input as _with_pending({"requestor": 3, "cluster": 30}) with policy.config as config
	every code, patch in {"TooManyPendingOfRequestor": {"requestor": 4}, "TooManyPending": {"cluster": 31}} {
		codes == {code} with input as _with_pending(patch) with policy.config as config
	}
}

test_breakers_name_count_and_limit if {
	document := _with_pending({"requestor": 31, "cluster": 41})
	config := turned({"max_pending_requestor": 30, "max_pending_cluster": 40})
	messages == {
		"31 requests of system:node:n1 are pending, at most 30 may be",
		"41 requests are pending, at most 40 may be",
	} with input as document
		with policy.config as config
}
