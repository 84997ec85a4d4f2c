package csr.floor

import data.csr.floor.serving

# METADATA
# title: Floor, with the facts
# description: |
#   Judges the whole request again, in the light of its Node and of what belongs to the control plane. A fact that is
#   missing gives no reason, but does not pass either: the program takes it for an error, not for a violation.
# entrypoint: true
# custom:
#   facts:
#     node: true
#     cluster: true
facts := {"pass": _facts_pass, "deny": _facts_deny, "wait": _facts_wait}

default _facts_pass := false

_facts_pass if {
	input.signer_name == _serving_signer
	serving.facts
}

_facts_deny contains reason if {
	input.signer_name == _serving_signer
	some reason in serving.deny
}

_facts_deny contains reason if some reason in _signer_deny

_facts_wait contains reason if {
	input.signer_name == _serving_signer
	some reason in serving.wait
}
