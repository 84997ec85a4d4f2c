package csr.kubelet_client_test

import data.csr.kubelet_client as policy

violation_codes contains reason.code if some reason in policy.violation

test_what_is_waited_for_is_a_violation if {
	document := changed({"sar": {"nodeclient": {"allowed": false}}})
	violation_codes == {"AccessNotGranted", "NotAllowed"} with input as document
}

test_configuration_errors_are_violations if {
	some error in policy.violation with policy.config as {}
	error.path == "csr.kubelet_client.config.bootstrappers"
}
