package csr.kubelet_client_test

import data.csr.kubelet_client as policy

_only(entry) := object.union(policy.config, {"bootstrappers": [entry]})

_workers := {"groups": ["system:bootstrappers:worker"], "node_names": ["^worker-[0-9]+$"]}

_asked_by(username, groups) := changed({"requestor": {"username": username, "groups": groups}})

_worker := _asked_by(
	"system:bootstrap:abcdef",
	["system:authenticated", "system:bootstrappers", "system:bootstrappers:worker"],
)

_named(document, name) := object.union(
	document,
	{"subject": {"common_name": $"system:node:{name}"}, "node": {"name": name}},
)

test_group_may_bootstrap_its_names if {
	policy.allow with input as _named(_worker, "worker-1") with policy.config as _only(_workers)
}

test_other_names_are_denied if {
	every name in ["worker", "worker-1.example.com", "xworker-1", "control-plane-1", "worker-1-2"] {
		codes == {"NodeNameNotAllowed"} with input as _named(_worker, name) with policy.config as _only(_workers)
	}
}

test_other_groups_are_denied if {
	codes == {"BootstrapperNotAllowed"} with input as _named(good, "worker-1") with policy.config as _only(_workers)
	joe := _asked_by("joe", ["system:authenticated", "system:bootstrappers:work"])
	codes == {"BootstrapperNotAllowed"} with input as joe
}

test_users_may_bootstrap if {
	joe := _asked_by("joe", ["system:authenticated"])
	every users in [["joe"], ["ann", "joe"], ["^jo[aeiou]$"], ["^joe|ann$"]] {
		policy.allow with input as joe with policy.config as _only({"users": users, "any_node_name": true})
	}
	every users in [["jo"], ["Joe"], ["^jo$"], ["jo."], ["^ann|jo$"]] {
		config := _only({"users": users, "any_node_name": true})
		codes == {"BootstrapperNotAllowed"} with input as joe with policy.config as config
	}
}

test_pattern_of_a_user_matches_all_of_it if {
	config := _only({"users": ["^(?m)joe$"], "any_node_name": true})
	every name in ["joe\n", "x\njoe", "joe\nx"] {
		joe := _asked_by(name, ["system:authenticated"])
		codes == {"BootstrapperNotAllowed"} with input as joe with policy.config as config
	}
}

test_group_and_user_must_both_fit if {
	config := _only({"groups": ["system:bootstrappers"], "users": ["joe"], "any_node_name": true})
	both := _asked_by("joe", ["system:authenticated", "system:bootstrappers"])
	policy.allow with input as both with policy.config as config
	every document in [good, _asked_by("joe", ["system:authenticated"])] {
		codes == {"BootstrapperNotAllowed"} with input as document with policy.config as config
	}
}

test_one_entry_must_fit_requestor_and_name if {
	cooks := {"groups": ["cooks"], "node_names": ["^kitchen$"]}
	config := object.union(policy.config, {"bootstrappers": [cooks, _workers]})
	codes == {"NodeNameNotAllowed"} with input as _named(_worker, "kitchen") with policy.config as config
	policy.allow with input as _named(_worker, "worker-7") with policy.config as config
}

test_nobody_may_bootstrap_where_nobody_is_named if {
	config := object.union(policy.config, {"bootstrappers": []})
	codes == {"BootstrapperNotAllowed"} with input as good with policy.config as config
	policy.allow with input as renewal with policy.config as config
}

test_half_a_node_does_not_bootstrap if {
	document := _asked_by("system:node:n9", ["system:authenticated", "system:bootstrappers"])
	not policy.bootstrap_allowed with input as document
	codes == {"RequestorHalfNode"} with input as document
}
