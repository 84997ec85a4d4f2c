package acme.kubelet_serving_test

import data.acme.kubelet_serving as policy

# A good request and the facts about it. Each test changes one thing.
good := object.union_n([_request, _facts, _found])

_request := {
	"version": 1,
	"now": "2026-11-22T06:00:00Z",
	"created_at": "2026-11-22T06:00:00Z",
	"age_seconds": 0,
	"signer_name": "kubernetes.io/kubelet-serving",
	"expiration_seconds": 0,
	"usages": ["digital signature", "server auth"],
	"requestor": {
		"username": "system:node:worker-1.nodes.example.com",
		"groups": ["system:authenticated", "system:nodes"],
		"extra": {},
	},
	"subject": {
		"common_name": "system:node:worker-1.nodes.example.com",
		"organization": ["system:nodes"],
	},
	"sans": {"dns": ["worker-1.nodes.example.com"], "ip": ["192.0.2.11"], "email": [], "uri": []},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
}

_facts := {
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": "RBAC allows it"}},
	"node": {
		"found": true,
		"name": "worker-1.nodes.example.com",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [
			{"type": "InternalIP", "address": "192.0.2.11"},
			{"type": "Hostname", "address": "worker-1.nodes.example.com"},
		],
		"addresses_over_cap": false,
		"labels": {},
		"provider_id": "",
	},
	"claims": [
		{"address": "worker-1.nodes.example.com", "nodes": ["worker-1.nodes.example.com"]},
		{"address": "192.0.2.11", "nodes": ["worker-1.nodes.example.com"]},
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

_found := {"dns": [{"name": "worker-1.nodes.example.com", "found": true, "addresses": ["192.0.2.11"]}]}

changed(patch) := object.union(good, patch)

codes contains reason.code if some reason in (policy.deny | policy.wait)

test_good_request_is_allowed if {
	policy.decision.allow with input as good
	policy.decision.config_errors == set() with input as good
	policy.violation == set() with input as good
}

resolving(addresses) := changed({"dns": [{"name": good.node.name, "found": true, "addresses": addresses}]})

test_name_that_leads_elsewhere_waits if {
	policy.allow == false with input as resolving(["198.51.100.80"])
	codes == {"DNSDisagrees"} with input as resolving(["198.51.100.80"])
}

test_name_that_leads_elsewhere_too_waits if {
	codes == {"DNSDisagrees"} with input as resolving(["192.0.2.11", "198.51.100.80"])
}

test_name_without_address_waits if {
	codes == {"DNSDisagrees"} with input as resolving([])
	codes == {"DNSDisagrees"} with input as changed({"dns": []})
}

test_address_behind_no_name_waits if {
	document := object.union(resolving(["192.0.2.11"]), {
		"sans": {"ip": ["192.0.2.11", "192.0.2.21"]},
		"node": {"addresses": array.concat(good.node.addresses, [{"type": "InternalIP", "address": "192.0.2.21"}])},
		"claims": array.concat(good.claims, [{"address": "192.0.2.21", "nodes": [good.node.name]}]),
	})
	codes == {"DNSDisagrees"} with input as document
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
