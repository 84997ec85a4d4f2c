package csr.floor_test

import data.csr.floor as policy
import data.csr.floor.client_test as client
import data.csr.floor.serving_test as serving

form_codes contains reason.code if some reason in (policy.form.deny | policy.form.wait)

facts_codes contains reason.code if some reason in (policy.facts.deny | policy.facts.wait)

violation_codes contains reason.code if some reason in policy.violation

test_good_request_passes if {
	policy.form.pass with input as serving.good
	policy.facts.pass with input as serving.good
	form_codes | facts_codes == set() with input as serving.good
	violation_codes == set() with input as serving.good
}

test_good_client_requests_pass if {
	every document in [client.good, client.renewal] {
		policy.form.pass with input as document
		policy.facts.pass with input as document
		form_codes | facts_codes == set() with input as document
		violation_codes == set() with input as document
	}
}

test_each_signer_has_its_own_rules if {
	wrong_serving := object.union(client.renewal, {"signer_name": "kubernetes.io/kubelet-serving"})
	form_codes == {"SANMissing", "UsagesNotAllowed"} with input as wrong_serving
	policy.form.pass == false with input as wrong_serving
	policy.facts.pass == false with input as wrong_serving
	wrong_client := object.union(serving.good, {"signer_name": "kubernetes.io/kube-apiserver-client-kubelet"})
	form_codes == {"SANNotAllowed", "UsagesNotAllowed"} with input as wrong_client
	facts_codes == {"SANNotAllowed", "UsagesNotAllowed"} with input as wrong_client
	policy.form.pass == false with input as wrong_client
	policy.facts.pass == false with input as wrong_client
}

test_client_facts_wait if {
	document := client.changed({"sar": {"nodeclient": {"allowed": false, "denied": false, "reason": ""}}})
	policy.form.pass with input as document
	policy.facts.pass == false with input as document
	facts_codes == {"AccessNotGranted"} with input as document
	violation_codes == {"AccessNotGranted", "FloorNotPassed"} with input as document
}

test_form_sees_no_facts if {
	document := serving.with_names(["api.example.com"])
	policy.form.pass with input as document
	form_codes == set() with input as document
	policy.facts.pass == false with input as document
	facts_codes == {"APIServerName"} with input as document
}

test_form_denies if {
	document := serving.with_names(["kubernetes"])
	policy.form.pass == false with input as document
	form_codes == {"NameReserved"} with input as document
}

test_facts_wait if {
	document := serving.changed({"node": {"found": false, "name": "", "addresses": []}})
	policy.facts.pass == false with input as document
	facts_codes == {"NodeNotFound"} with input as document
	violation_codes == {"FloorNotPassed", "NodeNotFound"} with input as document
}

test_other_signers_are_denied_for_that_alone if {
	document := object.union(client.good, {"signer_name": "example.com/x"})
	policy.form.pass == false with input as document
	policy.facts.pass == false with input as document
	form_codes == {"SignerNotSupported"} with input as document
	facts_codes == {"SignerNotSupported"} with input as document
}

test_missing_facts_give_no_reason_and_do_not_pass if {
	document := object.remove(serving.good, {"node", "cluster"})
	policy.facts.pass == false with input as document
	facts_codes == set() with input as document
	violation_codes == {"FloorNotPassed"} with input as document
}

test_entrypoints_are_defined_without_a_document if {
	policy.form.pass == false with input as {}
	policy.facts.pass == false with input as {}
	form_codes | facts_codes == set() with input as {}
}

test_node_is_not_waited_for_if_the_signer_is_another if {
	patch := {"signer_name": "example.com/x", "node": {"found": false, "name": "", "addresses": []}}
	facts_codes == {"SignerNotSupported"} with input as serving.changed(patch)
}

test_what_is_denied_is_a_violation if {
	violation_codes == {"FloorNotPassed", "NameReserved"} with input as serving.with_names(["localhost"])
}
