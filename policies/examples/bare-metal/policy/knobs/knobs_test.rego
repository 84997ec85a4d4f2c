package knobs_test

import data.csr.kubelet_serving as policy

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
		"username": "system:node:metal-1",
		"groups": ["system:authenticated", "system:nodes"],
		"extra": {},
	},
	"subject": {"common_name": "system:node:metal-1", "organization": ["system:nodes"]},
	"sans": {"dns": ["metal-1"], "ip": ["192.0.2.11"], "email": [], "uri": []},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
}

_facts := {
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": "RBAC allows it"}},
	"node": {
		"found": true,
		"name": "metal-1",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [
			{"type": "InternalIP", "address": "192.0.2.11"},
			{"type": "Hostname", "address": "metal-1"},
		],
		"addresses_over_cap": false,
		"labels": {},
		"provider_id": "",
	},
	"claims": [
		{"address": "metal-1", "nodes": ["metal-1"]},
		{"address": "192.0.2.11", "nodes": ["metal-1"]},
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

_found := {
	"lookups": {
		"inventory": {
			"found": true,
			"objects": [
				{
					"apiVersion": "v1",
					"kind": "ConfigMap",
					"metadata": {"name": "node-inventory", "namespace": "rego-csr-approver"},
					"data": {"metal-1": "metal-1 192.0.2.11", "metal-2": "metal-2 192.0.2.12"},
				},
			],
			"more": false,
		},
	},
}

changed(patch) := object.union(good, patch)

codes contains reason.code if some reason in (policy.deny | policy.wait)

test_knobs_can_be_meant if policy.config_errors == set()

test_good_request_is_allowed if {
	policy.allow with input as good
	policy.violation == set() with input as good
}

# The ConfigMap with another line for the node.
listing(text) := {"inventory": {"found": true, "objects": [{"data": {"metal-1": text}}], "more": false}}

test_address_that_is_not_in_the_inventory_waits if {
	codes == {"SANNotConfirmed"} with input as changed({"lookups": listing("metal-1 192.0.2.99")})
}

test_line_may_have_commas if {
	policy.allow with input as changed({"lookups": listing("metal-1,192.0.2.11")})
}

test_nothing_is_allowed_without_the_configmap if {
	document := changed({"lookups": {"inventory": {"found": false, "objects": []}}})
	codes == {"LookupNotFound", "SANNotConfirmed"} with input as document
}
