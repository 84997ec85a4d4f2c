package csr.kubelet_client

# METADATA
# title: The key is strong enough
# description: Neither the API server nor the signer asks for more than what its TLS library can parse.
# scope: document
key_strong if {
	input.key.algorithm == "RSA"
	input.key.bits >= 2048
}

key_strong if {
	input.key.algorithm == "ECDSA"
	input.key.curve in {"P-256", "P-384", "P-521"}
}

key_strong if input.key.algorithm == "Ed25519"

# METADATA
# title: The key is too weak
# description: The request was not made by a kubelet, whose key is P-256.
# custom:
#   code: KeyTooWeak
#   remedy: Make the request with an ECDSA key of at least P-256, or RSA of at least 2048 bits.
deny contains reason(rego.metadata.rule(), msg) if {
	not key_strong
	msg := $"key {input.key.algorithm} {input.key.curve} of {input.key.bits} bits; at least P-256 or RSA 2048 is needed"
}
