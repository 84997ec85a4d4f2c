package csr.kubelet_client

# METADATA
# title: The lifetime asked for is within the cap
# description: Kubelets ask for none. The API server takes nothing below 600 seconds.
# scope: document
expiration_allowed if input.expiration_seconds == 0

expiration_allowed if {
	input.expiration_seconds >= 600
	input.expiration_seconds <= _config.max_expiration_seconds
}

# METADATA
# title: The lifetime asked for is not allowed
# description: The request was not made by a kubelet, or the cap is lower than what a tool of yours asks for.
# custom:
#   code: ExpirationNotAllowed
#   remedy: Ask for less, or raise max_expiration_seconds.
deny contains reason(rego.metadata.rule(), msg) if {
	not expiration_allowed
	msg := $"{_text(input.expiration_seconds)} seconds; allowed: none, or 600 to {_text(_config.max_expiration_seconds)}"
}

# conftest reads a large number as 3.1536e+08.
_text(number) := format_int(number, 10)
