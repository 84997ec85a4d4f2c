package csr.floor

import data.csr.floor.serving

_serving_signer := "kubernetes.io/kubelet-serving"

# METADATA
# title: There is no floor for this signer
# description: The request is for a signer whose requests this program does not know how to judge.
# custom:
#   code: SignerNotSupported
#   remedy: Leave the request to the approver of its signer.
_signer_deny contains serving.reason(rego.metadata.rule(), msg) if {
	input.signer_name != _serving_signer
	msg := $"signer {serving.shortened(input.signer_name)} has no floor; supported is {_serving_signer}"
}
