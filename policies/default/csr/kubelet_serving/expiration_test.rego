package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_lifetimes_within_the_cap if {
	every seconds in [0, 600, 31536000] {
		policy.expiration_allowed with input as changed({"expiration_seconds": seconds})
	}
}

test_other_lifetimes_are_denied if {
	every seconds in [-1, 599, 31536001] {
		codes == {"ExpirationNotAllowed"} with input as changed({"expiration_seconds": seconds})
	}
}

test_allowed_lifetimes_are_named if {
	msg := "31536001 seconds; allowed: none, or 600 to 31536000"
	messages == {msg} with input as changed({"expiration_seconds": 31536001})
}
