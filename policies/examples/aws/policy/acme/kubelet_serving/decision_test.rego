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
		"username": "system:node:ip-10-0-0-11.eu-west-1.compute.internal",
		"groups": ["system:authenticated", "system:nodes"],
		"extra": {},
	},
	"subject": {
		"common_name": "system:node:ip-10-0-0-11.eu-west-1.compute.internal",
		"organization": ["system:nodes"],
	},
	"sans": {
		"dns": [
			"ec2-203-0-113-11.eu-west-1.compute.amazonaws.com",
			"ip-10-0-0-11.eu-west-1.compute.internal",
		],
		"ip": ["10.0.0.11", "203.0.113.11"],
		"email": [],
		"uri": [],
	},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
}

_facts := {
	"sar": {"selfnodeserver": {"allowed": true, "denied": false, "reason": "RBAC allows it"}},
	"node": {
		"found": true,
		"name": "ip-10-0-0-11.eu-west-1.compute.internal",
		"created_at": "2026-11-22T05:00:00Z",
		"deleting": false,
		"addresses": [
			{"type": "InternalIP", "address": "10.0.0.11"},
			{"type": "ExternalIP", "address": "203.0.113.11"},
			{"type": "Hostname", "address": "ip-10-0-0-11.eu-west-1.compute.internal"},
			{"type": "InternalDNS", "address": "ip-10-0-0-11.eu-west-1.compute.internal"},
			{"type": "ExternalDNS", "address": "ec2-203-0-113-11.eu-west-1.compute.amazonaws.com"},
		],
		"addresses_over_cap": false,
		"labels": {},
		"provider_id": "aws:///eu-west-1a/i-0a1b2c3d4e5f60718",
	},
	"claims": [
		{
			"address": "ec2-203-0-113-11.eu-west-1.compute.amazonaws.com",
			"nodes": ["ip-10-0-0-11.eu-west-1.compute.internal"],
		},
		{
			"address": "ip-10-0-0-11.eu-west-1.compute.internal",
			"nodes": ["ip-10-0-0-11.eu-west-1.compute.internal"],
		},
		{"address": "10.0.0.11", "nodes": ["ip-10-0-0-11.eu-west-1.compute.internal"]},
		{"address": "203.0.113.11", "nodes": ["ip-10-0-0-11.eu-west-1.compute.internal"]},
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

test_provider_of_another_region_waits if {
	document := changed({"node": {"provider_id": "aws:///us-east-1a/i-0a1b2c3d4e5f60718"}})
	policy.allow == false with input as document
	codes == {"ProviderUnknown"} with input as document
}

test_address_of_the_vpc_that_is_not_in_the_name_waits if {
	document := changed({"sans": {"ip": ["10.0.0.12"]}})
	policy.allow == false with input as document
	"AddressNotNamed" in codes with input as document
}

test_node_without_ip_name_waits if {
	document := changed({"node": {"name": "i-0a1b2c3d4e5f60718.eu-west-1.compute.internal"}})
	policy.allow == false with input as document
	"AddressNotNamed" in codes with input as document
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
