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
		"username": "system:node:blue-md-0-x7k2p",
		"groups": ["system:authenticated", "system:nodes"],
		"extra": {},
	},
	"subject": {"common_name": "system:node:blue-md-0-x7k2p", "organization": ["system:nodes"]},
	"sans": {"dns": ["blue-md-0-x7k2p"], "ip": ["192.0.2.11"], "email": [], "uri": []},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
}

_facts := {
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": "RBAC allows it"}},
	"node": {
		"found": true,
		"name": "blue-md-0-x7k2p",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [
			{"type": "InternalIP", "address": "192.0.2.11"},
			{"type": "Hostname", "address": "blue-md-0-x7k2p"},
		],
		"addresses_over_cap": false,
		"labels": {},
		"provider_id": "",
	},
	"claims": [
		{"address": "blue-md-0-x7k2p", "nodes": ["blue-md-0-x7k2p"]},
		{"address": "192.0.2.11", "nodes": ["blue-md-0-x7k2p"]},
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
		"machine": {
			"found": true,
			"objects": [
				{
					"apiVersion": "machine.openshift.io/v1beta1",
					"kind": "Machine",
					"metadata": {"name": "blue-md-0-x7k2p-m", "namespace": "openshift-machine-api"},
					"spec": {"providerID": "example:///7f3c"},
					"status": {
						"nodeRef": {"name": "blue-md-0-x7k2p"},
						"addresses": [
							{"type": "InternalIP", "address": "192.0.2.11"},
							{"type": "Hostname", "address": "blue-md-0-x7k2p"},
						],
					},
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

# The good document, with another Machine.
machine(node, address) := changed({"lookups": {"machine": {"found": true, "objects": [{"status": {
	"nodeRef": {"name": node},
	"addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": node}],
}}]}}})

test_address_that_the_machine_has_not_waits if {
	document := machine("blue-md-0-x7k2p", "192.0.2.99")
	policy.allow == false with input as document
	codes == {"SANNotConfirmed"} with input as document
}

test_machine_of_another_node_is_not_believed if {
	document := machine("blue-md-0-b4n9q", "192.0.2.11")
	policy.allow == false with input as document
	codes == {"LookupOfAnotherNode", "SANNotConfirmed"} with input as document
}

test_node_without_machine_waits if {
	document := changed({"lookups": {"machine": {"found": false, "objects": []}}})
	codes == {"LookupNotFound", "SANNotConfirmed"} with input as document
}
