package csr.floor.serving

# METADATA
# title: The requestor is a node
# description: |
#   The user name that the API server authenticated is `system:node:` and the name of a Node: a DNS-1123 subdomain
#   of at most 253 characters (Kubernetes, Object Names and IDs).
requestor_is_node if {
	count(input.requestor.username) <= count("system:node:") + 253
	startswith(input.requestor.username, "system:node:")
	every label in split(node_name, ".") {
		is_label(label, "abcdefghijklmnopqrstuvwxyz")
	}
}

# METADATA
# title: The requestor is in the group system:nodes
# description: Of the groups that the API server authenticated, never of the subject.
requestor_in_nodes_group if "system:nodes" in input.requestor.groups

# METADATA
# title: The subject names the requestor
# description: KEP-1513 asks the approver to make sure that the subject is the origin of the request.
subject_names_requestor if input.subject.common_name == input.requestor.username

# METADATA
# title: Name of the requesting node
node_name := trim_prefix(input.requestor.username, "system:node:")

# METADATA
# title: The requestor is not a node
# description: A person, a service account or a bootstrap token asked for a node's serving certificate.
# custom:
#   code: RequestorNotNode
#   remedy: Only a kubelet may ask for its serving certificate. Find out who created the request, and why.
deny contains reason(rego.metadata.rule(), msg) if {
	not requestor_is_node
	msg := $"requestor {shortened(input.requestor.username)} is not system:node:NAME with the name of a Node"
}

# METADATA
# title: The requestor is not in the group system:nodes
# description: The user name is a node's, but the credential lacks the group that makes its owner a node.
# custom:
#   code: RequestorNotInNodesGroup
#   remedy: See how this user is authenticated. A kubelet's client certificate has organization system:nodes.
deny contains reason(rego.metadata.rule(), msg) if {
	not requestor_in_nodes_group
	msg := $"groups of the requestor ({listed(input.requestor.groups)}) do not hold system:nodes"
}

# METADATA
# title: The subject names somebody else
# description: The requestor asks for a certificate in another's name. NodeRestriction refuses it since Kubernetes 1.31.
# custom:
#   code: SubjectNotRequestor
#   remedy: Treat the requestor as compromised until explained, and turn the NodeRestriction admission plugin on.
deny contains reason(rego.metadata.rule(), msg) if {
	not subject_names_requestor
	msg := $"common name {shortened(input.subject.common_name)} is not requestor {shortened(input.requestor.username)}"
}
