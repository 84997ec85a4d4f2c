package csr.floor.client_test

import data.csr.floor.client as policy

_by(username, groups) := {"requestor": {"username": username, "groups": groups}}

test_good_requests_have_no_reasons if {
	codes == set() with input as good
	codes == set() with input as renewal
}

test_any_user_may_bootstrap if {
	every username in ["joe", "system:serviceaccount:kube-system:x", "System:node:n9", ""] {
		policy.requestor_is_bootstrapper with input as changed({"requestor": {"username": username}})
	}
}

test_nobody_does_not_bootstrap if {
	every requestor in [{}, {"username": null, "groups": []}, {"username": "joe", "groups": null}, {"username": "joe"}] {
		not policy.requestor_is_bootstrapper with input as {"requestor": requestor}
	}
}

test_who_is_not_authenticated_is_denied if {
	every requestor in [
		_by("system:anonymous", ["system:unauthenticated"]),
		_by("system:anonymous", ["system:authenticated"]),
		_by("joe", ["system:bootstrappers"]),
		_by("joe", ["system:authenticated", "system:unauthenticated"]),
	] {
		document := changed(requestor)
		"RequestorNotAuthenticated" in codes with input as document
		policy.requestor_identified with input as document
	}
}

test_half_a_node_is_denied if {
	every requestor in [
		_by("system:node:n9", ["system:authenticated"]),
		_by("joe", ["system:authenticated", "system:nodes"]),
		_by("system:node:N9", ["system:authenticated", "system:nodes"]),
		_by("system:node:", ["system:authenticated", "system:nodes"]),
	] {
		document := changed(requestor)
		"RequestorHalfNode" in codes with input as document
		not policy.requestor_identified with input as document
	}
}

test_node_asks_for_itself_only if {
	document := renewal_with({"subject": {"common_name": "system:node:n2"}, "node": {"name": "n2"}})
	codes == {"SubjectNotRequestor"} with input as document
}

test_subject_names_a_node if {
	every name in ["", "N1", "n1\n", "-n1", "n1-", "n_1", "a..b", ".a", "a.", "*"] {
		"CommonNameNotNode" in codes with input as changed({"subject": {"common_name": $"system:node:{name}"}})
	}
	every name in ["mike", "system:nodes:n1", "xsystem:node:n1"] {
		"CommonNameNotNode" in codes with input as changed({"subject": {"common_name": name}})
	}
}

test_names_that_nodes_may_have if {
	longest := concat("", ["a" | some _ in numbers.range(1, 253)])
	every name in ["0", "a", "0-0", "a--b", "ab", "0.0.0", "a.b-c.0d", "a.b.c-0", "a.b0c", longest] {
		policy.subject_names_node with input as changed({"subject": {"common_name": $"system:node:{name}"}})
	}
	every name in [$"{longest}a", "a.-b", "a.b-", "a.b\n", "a.B", "A.b", "aB", "a.bC", "xaB"] {
		not policy.subject_names_node with input as changed({"subject": {"common_name": $"system:node:{name}"}})
	}
}

test_name_of_the_node_is_the_subjects if policy.node_name == "n9" with input as good
