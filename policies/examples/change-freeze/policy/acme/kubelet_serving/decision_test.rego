package acme.kubelet_serving_test

import data.acme.kubelet_serving as policy

# A good request and the facts about it. Each test changes one thing.
good := object.union_n([_request, _facts])

_request := {
	"version": 1,
	"now": "2026-11-22T06:00:00Z",
	"created_at": "2026-11-22T06:00:00Z",
	"age_seconds": 0,
	"signer_name": "kubernetes.io/kubelet-serving",
	"expiration_seconds": 0,
	"usages": ["digital signature", "server auth"],
	"requestor": {
		"username": "system:node:worker-1",
		"groups": ["system:authenticated", "system:nodes"],
		"extra": {},
	},
	"subject": {"common_name": "system:node:worker-1", "organization": ["system:nodes"]},
	"sans": {"dns": ["worker-1"], "ip": ["192.0.2.11"], "email": [], "uri": []},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
}

_facts := {
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": "RBAC allows it"}},
	"node": {
		"found": true,
		"name": "worker-1",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [
			{"type": "InternalIP", "address": "192.0.2.11"},
			{"type": "Hostname", "address": "worker-1"},
		],
		"addresses_over_cap": false,
		"labels": {},
		"provider_id": "",
	},
	"claims": [
		{"address": "worker-1", "nodes": ["worker-1"]},
		{"address": "192.0.2.11", "nodes": ["worker-1"]},
	],
	"cluster": {
		"api_names": [
			"api.example.com",
			"kubernetes",
			"kubernetes.default",
			"kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local",
		],
		"api_addresses": ["172.20.0.1", "198.51.100.10"],
		"service_cidrs": ["172.20.0.0/16"],
		"pod_cidrs": ["172.21.0.0/16"],
	},
	"pending": {"requestor": 1, "cluster": 1, "newer": false},
}

changed(patch) := object.union(good, patch)

codes contains reason.code if some reason in (policy.deny | policy.wait)

test_good_request_is_allowed if {
	policy.decision.allow with input as good
	policy.decision.config_errors == set() with input as good
	policy.violation == set() with input as good
}

# The good document at another time, of a Node that is as old as the text says.
at(now, created) := changed({"now": now, "created_at": now, "node": {"created_at": created}})

frozen := at("2026-12-24T18:00:00Z", "2026-12-24T17:00:00Z")

test_new_node_waits_in_a_freeze if {
	policy.allow == false with input as frozen
	codes == {"ChangeFreeze"} with input as frozen
	{300} == {reason.retry_after_seconds | some reason in policy.wait} with input as frozen
}

test_old_node_renews_in_a_freeze if {
	policy.allow with input as at("2026-12-24T18:00:00Z", "2026-11-22T05:00:00Z")
}

test_freeze_begins_and_ends if {
	policy.allow with input as at("2026-12-18T15:59:59Z", "2026-12-18T15:00:00Z")
	policy.allow == false with input as at("2026-12-18T16:00:00Z", "2026-12-18T16:00:00Z")
	policy.allow == false with input as at("2027-01-04T07:59:59Z", "2027-01-04T07:00:00Z")
	policy.allow with input as at("2027-01-04T08:00:00Z", "2027-01-04T07:00:00Z")
}

test_nothing_is_allowed_without_windows if {
	policy.allow == false with input as good with policy.config as {"freeze": null}
	count(policy.config_errors) == 1 with policy.config as {"freeze": null}
}

test_window_that_cannot_be_meant_is_named if {
	every window in [
		{"from": "2026-12-18", "until": "2027-01-04", "reason": "days"},
		{"from": "2027-01-04T08:00:00Z", "until": "2026-12-18T16:00:00Z", "reason": "backwards"},
		{"from": "2026-12-18T16:00:00Z", "until": "2027-01-04T08:00:00Z"},
		"2026-12-18T16:00:00Z",
	] {
		count(policy.config_errors) == 1 with policy.config as {"freeze": [window]}
		policy.allow == false with input as good with policy.config as {"freeze": [window]}
	}
}

test_default_policy_denies if {
	document := changed({"sans": {"dns": ["kubernetes.default.svc"]}})
	policy.allow == false with input as document
	"NameReserved" in codes with input as document
}

test_default_policy_waits if {
	document := changed({"sar": {"selfnodeserver": {"allowed": false}}})
	policy.allow == false with input as document
	codes == {"AccessNotGranted"} with input as document
}

test_default_policy_warns if {
	warning := {"code": "Example", "msg": "a warning"}
	policy.warn == {warning} with input as good with data.csr.kubelet_serving.warn as {warning}
}

test_nothing_is_allowed_without_data if {
	policy.allow == false with input as good with data.csr.kubelet_serving.config as null
	count(policy.config_errors) == 1 with data.csr.kubelet_serving.config as null
	count(policy.violation) > 1 with input as good with data.csr.kubelet_serving.config as null
}

test_decision_is_defined_without_a_document if {
	policy.decision.allow == false with input as {}
}
