package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_good_request_has_no_reasons if codes == set() with input as good

test_node_names_are_subdomains if {
	every name in ["n1", "n1.example.com", "0", "a-b", "n1.a-b.0"] {
		policy.requestor_is_node with input as changed({"requestor": {"username": $"system:node:{name}"}})
	}
	every name in ["", "N1", "n1\n", "-n1", "n1-", "n_1", "a..b", ".a", "a."] {
		not policy.requestor_is_node with input as changed({"requestor": {"username": $"system:node:{name}"}})
	}
}

test_others_than_nodes_are_denied if {
	"RequestorNotNode" in codes with input as changed({"requestor": {"username": "alice"}})
}

test_group_is_needed if {
	"RequestorNotInNodesGroup" in codes with input as changed({"requestor": {"groups": ["system:nodes2"]}})
}

test_subject_is_requestor if {
	"SubjectNotRequestor" in codes with input as changed({"subject": {"common_name": "system:node:n2"}})
}

test_node_names_have_253_characters_at_most if {
	name := concat("", ["a" | some _ in numbers.range(1, 253)])
	policy.requestor_is_node with input as changed({"requestor": {"username": $"system:node:{name}"}})
	not policy.requestor_is_node with input as changed({"requestor": {"username": $"system:node:{name}a"}})
}

test_name_of_a_user_must_begin_as_a_nodes if {
	not policy.requestor_is_node with input as changed({"requestor": {"username": "x:system:node:n1"}})
}
