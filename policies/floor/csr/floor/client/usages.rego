package csr.floor.client

# METADATA
# title: The usages are a client certificate's
# description: |
#   Exactly one of the two sets that the signer takes (pkg/apis/certificates/helpers.go). With server auth the
#   certificate could serve in the node's name.
usages_allowed if {
	{usage | some usage in input.usages} in _usage_sets

	# The API server refuses a usage given twice.
	count(input.usages) == count({usage | some usage in input.usages})
}

_usage_sets := {
	# Since 1.27 kubelets leave out key encipherment, which only RSA keys can do.
	{"client auth", "digital signature"},
	{"client auth", "digital signature", "key encipherment"},
}

# METADATA
# title: The usages are not those of a kubelet's client certificate
# description: The request was not made by a kubelet, or asks for a certificate that can do more than authenticate.
# custom:
#   code: UsagesNotAllowed
#   remedy: Ask for digital signature and client auth, with or without key encipherment, and for nothing else.
deny contains reason(rego.metadata.rule(), msg) if {
	not usages_allowed
	msg := $"usages ({listed(input.usages)}) are not digital signature, client auth and at most key encipherment"
}
