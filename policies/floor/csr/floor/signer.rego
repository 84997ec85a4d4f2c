package csr.floor

import data.csr.floor.serving

_serving_signer := "kubernetes.io/kubelet-serving"

_client_signer := "kubernetes.io/kube-apiserver-client-kubelet"

# METADATA
# title: There is no floor for this signer
# description: The request is for a signer whose requests this program does not know how to judge.
# custom:
#   code: SignerNotSupported
#   remedy: Leave the request to the approver of its signer.
_signer_deny contains serving.reason(rego.metadata.rule(), msg) if {
	not input.signer_name in {_serving_signer, _client_signer}
	supported := serving.listed({_serving_signer, _client_signer})
	msg := $"signer {serving.shortened(input.signer_name)} has no floor; supported are {supported}"
}
