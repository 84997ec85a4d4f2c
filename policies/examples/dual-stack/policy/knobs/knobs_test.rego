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
		"username": "system:node:worker-1",
		"groups": ["system:authenticated", "system:nodes"],
		"extra": {},
	},
	"subject": {"common_name": "system:node:worker-1", "organization": ["system:nodes"]},
	"sans": {"dns": ["worker-1"], "ip": ["192.0.2.11", "2001:db8:42::11"], "email": [], "uri": []},
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
			{"type": "InternalIP", "address": "2001:db8:42::11"},
			{"type": "Hostname", "address": "worker-1"},
		],
		"addresses_over_cap": false,
		"labels": {},
		"provider_id": "",
	},
	"claims": [
		{"address": "worker-1", "nodes": ["worker-1"]},
		{"address": "192.0.2.11", "nodes": ["worker-1"]},
		{"address": "2001:db8:42::11", "nodes": ["worker-1"]},
	],
	"cluster": {
		"api_names": [
			"api.example.com",
			"kubernetes",
			"kubernetes.default",
			"kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local",
		],
		"api_addresses": ["172.20.0.1", "198.51.100.10", "2001:db8:1::10"],
		"service_cidrs": ["172.20.0.0/16", "2001:db8:5::/112"],
		"pod_cidrs": ["172.21.0.0/16", "2001:db8:9::/64"],
	},
	"pending": {"requestor": 1, "cluster": 1, "newer": false},
}

changed(patch) := object.union(good, patch)

codes contains reason.code if some reason in (policy.deny | policy.wait)

# The good document, asking for this address alone, which nobody lists.
asking(address) := changed({"sans": {"dns": [], "ip": [address]}, "claims": [{"address": address, "nodes": []}]})

test_knobs_can_be_meant if policy.config_errors == set()

test_good_request_is_allowed if {
	policy.allow with input as good
	policy.violation == set() with input as good
}

test_address_of_another_network_waits if {
	policy.allow == false with input as asking("2001:db8:43::11")
	codes == {"SANNotConfirmed"} with input as asking("2001:db8:43::11")
}
