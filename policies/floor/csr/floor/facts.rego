package csr.floor

import data.csr.floor.client
import data.csr.floor.serving

# METADATA
# title: Floor, with the facts
# description: |
#   Judges the whole request again, in the light of what `signers` asks for. A fact that is missing gives no reason, but
#   does not pass either: the program takes it for an error, not for a violation. A signer that is not named here is
#   refused when a policy for it is loaded.
# entrypoint: true
# custom:
#   signers:
#     kubernetes.io/kubelet-serving:
#       facts:
#         node: true
#         cluster: true
#     kubernetes.io/kube-apiserver-client-kubelet:
#       facts:
#         sar:
#           nodeclient:
#             group: certificates.k8s.io
#             resource: certificatesigningrequests
#             subresource: nodeclient
#             verb: create
#           selfnodeclient:
#             group: certificates.k8s.io
#             resource: certificatesigningrequests
#             subresource: selfnodeclient
#             verb: create
facts := {"pass": _facts_pass, "deny": _facts_deny, "wait": _facts_wait}

default _facts_pass := false

_facts_pass if {
	input.signer_name == _serving_signer
	serving.facts
}

_facts_pass if {
	input.signer_name == _client_signer
	client.facts
}

_facts_deny contains reason if {
	input.signer_name == _serving_signer
	some reason in serving.deny
}

_facts_deny contains reason if {
	input.signer_name == _client_signer
	some reason in client.deny
}

_facts_deny contains reason if some reason in _signer_deny

_facts_wait contains reason if {
	input.signer_name == _serving_signer
	some reason in serving.wait
}

_facts_wait contains reason if {
	input.signer_name == _client_signer
	some reason in client.wait
}
