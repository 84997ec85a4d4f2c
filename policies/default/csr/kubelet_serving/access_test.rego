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
