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
		"username": "system:node:aks-blue-12345678-vmss000001",
		"groups": ["system:authenticated", "system:nodes"],
		"extra": {},
	},
	"subject": {
		"common_name": "system:node:aks-blue-12345678-vmss000001",
		"organization": ["system:nodes"],
	},
	"sans": {"dns": ["aks-blue-12345678-vmss000001"], "ip": ["10.224.0.11"], "email": [], "uri": []},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
}

_facts := {
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": "RBAC allows it"}},
	"node": {
		"found": true,
		"name": "aks-blue-12345678-vmss000001",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [
			{"type": "InternalIP", "address": "10.224.0.11"},
			{"type": "Hostname", "address": "aks-blue-12345678-vmss000001"},
		],
		"addresses_over_cap": false,
		"labels": {},
		"provider_id": "",
	},
	"claims": [
		{"address": "aks-blue-12345678-vmss000001", "nodes": ["aks-blue-12345678-vmss000001"]},
		{"address": "10.224.0.11", "nodes": ["aks-blue-12345678-vmss000001"]},
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

test_longer_name_waits if {
	codes == {"SANNotConfirmed"} with input as asking("aks-blue-12345678-vmss000001.internal.cloudapp.net")
}

test_machine_that_is_in_no_scale_set_waits if {
	document := json.unmarshal(replace(json.marshal(good), "vmss000001", "0"))
	policy.allow == false with input as document
	codes == {"NodeInNoPool", "SANNotConfirmed"} with input as document
}
