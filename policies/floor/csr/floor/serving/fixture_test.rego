package csr.floor.serving_test

import data.csr.floor.serving as policy

# A good request and the facts about it. Each test changes one thing; policies/cases has many more of them.
good := {
	"version": 1,
	"created_at": "2026-11-22T05:59:59Z",
	"signer_name": "kubernetes.io/kubelet-serving",
	"expiration_seconds": 0,
	"usages": ["digital signature", "server auth"],
	"requestor": {"username": "system:node:n1", "groups": ["system:authenticated", "system:nodes"], "extra": {}},
	"subject": {"common_name": "system:node:n1", "organization": ["system:nodes"]},
	"sans": {"dns": ["n1"], "ip": ["10.0.0.1"], "email": [], "uri": []},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": ""}},
	"node": {
		"found": true,
		"name": "n1",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": "n1"}],
		"addresses_over_cap": false,
		"labels": {},
	},
	"claims": [{"address": "10.0.0.1", "nodes": ["n1"]}, {"address": "n1", "nodes": ["n1"]}],
	"cluster": {
		"api_names": ["api.example.com", "kubernetes"],
		"api_addresses": ["192.0.2.10", "10.96.0.1"],
		"service_cidrs": ["10.96.0.0/12"],
		"pod_cidrs": ["10.244.0.0/16"],
	},
}

changed(patch) := object.union(good, patch)

with_names(names) := changed({"sans": {"dns": names}})

with_addresses(addresses) := changed({"sans": {"ip": addresses}})

codes contains reason.code if some reason in (policy.deny | policy.wait)

messages contains reason.msg if some reason in (policy.deny | policy.wait)
