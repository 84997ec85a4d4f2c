package csr.floor.client

# METADATA
# title: The subject's organization is system:nodes
# description: Exactly one value, as the signer demands (pkg/apis/certificates/helpers.go).
subject_in_nodes_organization if input.subject.organization == ["system:nodes"]

# METADATA
# title: The subject's organization is not system:nodes
# description: The request was not made by a kubelet; the signer would fail it.
# custom:
#   code: OrganizationNotNodes
#   remedy: Make the request with organization system:nodes and no other, as a kubelet does.
deny contains reason(rego.metadata.rule(), msg) if {
	not subject_in_nodes_organization
	msg := $"organization ({listed(input.subject.organization)}) is not exactly system:nodes"
}
