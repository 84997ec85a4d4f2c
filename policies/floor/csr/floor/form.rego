package csr.floor

import data.csr.floor.serving

# METADATA
# title: Floor, without facts
# description: |
#   Judges the bare request, so that a hopeless one costs the API server nothing. Facts that the input may hold are
#   not looked at.
# entrypoint: true
form := {"pass": _form_pass, "deny": _form_deny, "wait": set()}

default _form_pass := false

_form_pass if {
	input.signer_name == _serving_signer
	serving.form
}

_form_deny contains reason if {
	input.signer_name == _serving_signer

	# Outside of tests once: the same rules serve both entrypoints, and this one must not see a fact.
	# regal ignore:with-outside-test-context
	some reason in serving.deny with input as object.remove(input, {"sar", "node", "claims", "cluster"})
}

_form_deny contains reason if some reason in _signer_deny
