package csr.kubelet_client_test

import data.csr.kubelet_client as policy

test_good_requests_are_allowed if {
	every document in [good, renewal] {
		policy.decision.allow with input as document
		policy.decision.warn == set() with input as document
		policy.violation == set() with input as document
	}
}

test_other_signers_are_denied if {
	document := changed({"signer_name": "kubernetes.io/kube-apiserver-client"})
	codes == {"SignerNotSupported"} with input as document
	policy.allow == false with input as document
}

test_nothing_is_allowed_without_data if {
	policy.allow == false with input as good with policy.config as null
	policy.allow == false with input as renewal with policy.config as null
	count(policy.config_errors) == 1 with policy.config as null
}

test_decision_is_defined_without_a_document if {
	policy.decision.allow == false with input as {}
}
