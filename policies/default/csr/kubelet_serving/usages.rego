package csr.kubelet_serving

# METADATA
# title: The usages are a serving certificate's
# description: |
#   Exactly one of the two sets that the signer takes (pkg/apis/certificates/helpers.go). Any other usage, client auth
#   before all, would make the certificate a credential for something else.
usages_allowed if {
	{usage | some usage in input.usages} in _usage_sets

	# The API server refuses a usage given twice.
	count(input.usages) == count({usage | some usage in input.usages})
}

_usage_sets := {
	# Since 1.27 kubelets leave out key encipherment, which only RSA keys can do.
	{"digital signature", "server auth"},
	{"digital signature", "key encipherment", "server auth"},
}

# METADATA
# title: The usages are not those of a kubelet's serving certificate
# description: The request was not made by a kubelet, or asks for a certificate that can do more than serve.
# custom:
#   code: UsagesNotAllowed
#   remedy: Ask for digital signature and server auth, with or without key encipherment, and for nothing else.
deny contains reason(rego.metadata.rule(), msg) if {
	not usages_allowed
	msg := $"usages ({listed(input.usages)}) are not digital signature, server auth and at most key encipherment"
}
