package csr.kubelet_client_test

import data.csr.kubelet_client as policy

test_strong_keys if {
	every key in [
		{"algorithm": "RSA", "curve": "", "bits": 2048},
		{"algorithm": "ECDSA", "curve": "P-521", "bits": 521},
		{"algorithm": "Ed25519", "curve": "", "bits": 256},
	] {
		policy.key_strong with input as changed({"key": key})
	}
}

test_weak_keys_are_denied if {
	every key in [{"algorithm": "RSA", "curve": "", "bits": 2047}, {"algorithm": "ECDSA", "curve": "P-224", "bits": 224}] {
		codes == {"KeyTooWeak"} with input as changed({"key": key})
	}
}
