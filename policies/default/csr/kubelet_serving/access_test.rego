package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_refused_review_is_waited_for if {
	every review in [
		{"allowed": false, "denied": false, "reason": ""},
		{"allowed": true, "denied": true, "reason": ""},
	] {
		codes == {"AccessNotGranted"} with input as changed({"sar": {"selfnodeserver": review}})
	}
}

test_reason_of_the_authorizer_is_shown if {
	review := {"allowed": false, "denied": true, "reason": "frozen"}
	reasons := policy.wait with input as changed({"sar": {"selfnodeserver": review}})
	some refused in reasons
	endswith(refused.msg, ": frozen")
}

test_authorizer_without_reason_is_not_quoted if {
	msg := "system:node:n1 may not create certificatesigningrequests/selfnodeserver"
	every review in [{"allowed": false}, {"allowed": false, "reason": ""}] {
		document := object.union(object.remove(good, {"sar"}), {"sar": {"selfnodeserver": review}})
		messages == {msg} with input as document
	}
}
