package csr.kubelet_client

# METADATA
# title: The requestor was authenticated
# description: The API server puts everybody whom it could authenticate into the group system:authenticated.
requestor_authenticated if {
	input.requestor.username != "system:anonymous"
	"system:authenticated" in input.requestor.groups
	every group in input.requestor.groups {
		group != "system:unauthenticated"
	}
}

# METADATA
# title: The requestor is a node
# description: |
#   The user name that the API server authenticated is `system:node:` and the name of a Node, and the group is
#   system:nodes: what the Node authorizer and NodeRestriction take for one.
requestor_is_node if {
	_is_node_user(input.requestor.username)
	"system:nodes" in input.requestor.groups
}

# METADATA
# title: The requestor is no node, in nothing
# description: |
#   Somebody who bootstraps one: a bootstrap token, or any other user. Who has but the name of a node, or but the group,
#   is neither this nor that, and gets nothing.
requestor_is_bootstrapper if {
	is_string(input.requestor.username)
	not startswith(input.requestor.username, "system:node:")
	every group in input.requestor.groups {
		group != "system:nodes"
	}
}

# METADATA
# title: The requestor is either a node or none
# scope: document
requestor_identified if requestor_is_node

requestor_identified if requestor_is_bootstrapper

# METADATA
# title: The subject names a node
# description: A DNS-1123 subdomain of at most 253 characters after `system:node:` (Kubernetes, Object Names and IDs).
subject_names_node if _is_node_user(input.subject.common_name)

# METADATA
# title: A node asks for itself
# scope: document
# description: Nobody but one who bootstraps it may ask for another's certificate. NodeRestriction says so since 1.31.
node_asks_for_itself if requestor_is_bootstrapper

node_asks_for_itself if input.subject.common_name == input.requestor.username

# METADATA
# title: Name of the node that the certificate is for
node_name := trim_prefix(input.subject.common_name, "system:node:")

_is_node_user(name) if {
	count(name) <= count("system:node:") + 253
	startswith(name, "system:node:")
	every label in split(trim_prefix(name, "system:node:"), ".") {
		is_label(label, "abcdefghijklmnopqrstuvwxyz")
	}
}

# METADATA
# title: The requestor was not authenticated
# description: Anonymous requests are on, and a binding lets system:anonymous or system:unauthenticated create requests.
# custom:
#   code: RequestorNotAuthenticated
#   remedy: Remove that binding. Nodes bootstrap with a token or a client certificate.
deny contains reason(rego.metadata.rule(), msg) if {
	not requestor_authenticated
	groups := listed(input.requestor.groups)
	msg := $"requestor {shortened(input.requestor.username)} with groups ({groups}) was not authenticated"
}

# METADATA
# title: The requestor is half a node
# description: |
#   Its user name begins with system:node: or its group is system:nodes, but it is not both, with the name of a Node.
# custom:
#   code: RequestorHalfNode
#   remedy: See how this user is authenticated. A kubelet has organization system:nodes and a Node's name.
deny contains reason(rego.metadata.rule(), msg) if {
	not requestor_identified
	msg := $"requestor {shortened(input.requestor.username)} with groups ({listed(input.requestor.groups)}) is half a node"
}

# METADATA
# title: The subject names no node
# description: The request was not made by a kubelet; the signer would fail it.
# custom:
#   code: CommonNameNotNode
#   remedy: Make the request with common name system:node:NAME, as a kubelet does.
deny contains reason(rego.metadata.rule(), msg) if {
	not subject_names_node
	msg := $"common name {shortened(input.subject.common_name)} is not system:node:NAME with the name of a Node"
}

# METADATA
# title: The subject names somebody else
# description: The requestor asks for a certificate in another's name. NodeRestriction refuses it since Kubernetes 1.31.
# custom:
#   code: SubjectNotRequestor
#   remedy: Treat the requestor as compromised until explained, and turn the NodeRestriction admission plugin on.
deny contains reason(rego.metadata.rule(), msg) if {
	not node_asks_for_itself
	msg := $"common name {shortened(input.subject.common_name)} is not requestor {shortened(input.requestor.username)}"
}
