package knobs_test

import data.csr.kubelet_serving as policy

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
		"username": "system:node:gke-blue-pool-1-0f3c",
		"groups": ["system:authenticated", "system:nodes"],
		"extra": {},
	},
	"subject": {"common_name": "system:node:gke-blue-pool-1-0f3c", "organization": ["system:nodes"]},
	"sans": {
		"dns": [
			"gke-blue-pool-1-0f3c",
			"gke-blue-pool-1-0f3c.europe-west1-b.c.example-project.internal",
		],
		"ip": ["10.132.0.11"],
		"email": [],
		"uri": [],
	},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
}

_facts := {
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": "RBAC allows it"}},
	"node": {
		"found": true,
		"name": "gke-blue-pool-1-0f3c",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [
			{"type": "InternalIP", "address": "10.132.0.11"},
			{"type": "Hostname", "address": "gke-blue-pool-1-0f3c"},
			{
				"type": "InternalDNS",
				"address": "gke-blue-pool-1-0f3c.europe-west1-b.c.example-project.internal",
			},
		],
		"addresses_over_cap": false,
		"labels": {},
		"provider_id": "",
	},
	"claims": [
		{"address": "gke-blue-pool-1-0f3c", "nodes": ["gke-blue-pool-1-0f3c"]},
		{
			"address": "gke-blue-pool-1-0f3c.europe-west1-b.c.example-project.internal",
			"nodes": ["gke-blue-pool-1-0f3c"],
		},
		{"address": "10.132.0.11", "nodes": ["gke-blue-pool-1-0f3c"]},
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

# The good document, asking for this name alone, which nobody lists.
asking(name) := changed({"sans": {"dns": [name], "ip": []}, "claims": [{"address": name, "nodes": []}]})

test_knobs_can_be_meant if policy.config_errors == set()

test_good_request_is_allowed if {
	policy.allow with input as good
	policy.violation == set() with input as good
}

test_name_of_another_project_waits if {
	name := "gke-blue-pool-1-0f3c.europe-west1-b.c.other-project.internal"
	codes == {"SANNotConfirmed"} with input as asking(name)
}

test_node_of_another_pool_waits if {
	document := json.unmarshal(replace(json.marshal(good), "gke-blue-pool-1-0f3c", "db-1"))
	policy.allow == false with input as document
	codes == {"NodeInNoPool", "SANNotConfirmed"} with input as document
}
