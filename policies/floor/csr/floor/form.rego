package csr.floor

import data.csr.floor.client
import data.csr.floor.serving

# METADATA
# title: Floor, without facts
# description: |
#   Judges the bare request, so that a hopeless one costs the API server nothing. Facts that the input may hold are
#   not looked at.
# entrypoint: true
# custom:
#   signers:
#     kubernetes.io/kubelet-serving: {}
#     kubernetes.io/kube-apiserver-client-kubelet: {}
form := {"pass": _form_pass, "deny": _form_deny, "wait": set()}

default _form_pass := false

_form_pass if {
	input.signer_name == _serving_signer
	serving.form
}

_form_pass if {
	input.signer_name == _client_signer
	client.form
}

_form_deny contains reason if {
	input.signer_name == _serving_signer

	# Outside of tests twice: the same rules serve both entrypoints, and this one must not see a fact.
	# regal ignore:with-outside-test-context
	some reason in serving.deny with input as _bare_request
}

_form_deny contains reason if {
	input.signer_name == _client_signer

	# regal ignore:with-outside-test-context
	some reason in client.deny with input as _bare_request
}

_form_deny contains reason if some reason in _signer_deny

_bare_request := object.remove(input, {"sar", "node", "claims", "cluster", "lookups", "dns", "pending"})
