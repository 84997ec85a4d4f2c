package acme.kubelet_serving_test

import data.acme.kubelet_serving as policy

# A good request and the facts about it. Each test changes one thing.
good := {
	"version": 1,
	"now": "2026-11-22T06:00:00Z",
	"created_at": "2026-11-22T05:59:59Z",
	"age_seconds": 1,
	"signer_name": "kubernetes.io/kubelet-serving",
	"expiration_seconds": 0,
	"usages": ["digital signature", "server auth"],
	"requestor": {"username": "system:node:n1", "groups": ["system:authenticated", "system:nodes"], "extra": {}},
	"subject": {"common_name": "system:node:n1", "organization": ["system:nodes"]},
	"sans": {"dns": ["n1"], "ip": ["192.0.2.11"], "email": [], "uri": []},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": ""}},
	"node": {
		"found": true,
		"name": "n1",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [{"type": "InternalIP", "address": "192.0.2.11"}, {"type": "Hostname", "address": "n1"}],
		"addresses_over_cap": false,
		"labels": {"node-restriction.kubernetes.io/pool": "worker"},
	},
	"claims": [{"address": "192.0.2.11", "nodes": ["n1"]}, {"address": "n1", "nodes": ["n1"]}],
	"cluster": {
		"api_names": ["api.example.com", "kubernetes"],
		"api_addresses": ["192.0.2.1", "198.51.100.1"],
		"service_cidrs": ["198.51.100.0/24"],
		"pod_cidrs": ["203.0.113.0/24"],
	},
	"pending": {"requestor": 1, "cluster": 1, "newer": false},
}

changed(patch) := object.union(good, patch)

codes contains reason.code if some reason in (policy.deny | policy.wait)

test_good_request_is_allowed if {
	policy.decision.allow with input as good
	policy.violation == set() with input as good
}

test_node_of_another_pool_waits if {
	document := changed({"node": {"labels": {"node-restriction.kubernetes.io/pool": "attic"}}})
	policy.allow == false with input as document
	codes == {"PoolUnknown"} with input as document
	{"NotAllowed", "PoolUnknown"} == {reason.code | some reason in policy.violation} with input as document
}

test_node_without_the_label_waits if {
	bare := object.union(object.remove(good, ["node"]), {"node": object.remove(good.node, ["labels"])})
	policy.allow == false with input as bare
	codes == {"PoolUnknown"} with input as bare
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
