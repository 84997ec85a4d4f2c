package csr.kubelet_serving_test

test_refused_review_is_waited_for if {
	every review in [
		{"allowed": false, "denied": false, "reason": ""},
		{"allowed": true, "denied": true, "reason": ""},
	] {
		codes == {"AccessNotGranted"} with input as changed({"sar": {"selfnodeserver": review}})
	}
}
