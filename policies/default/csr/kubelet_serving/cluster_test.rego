package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_cluster_must_be_known if {
	policy.cluster_known with input as good
	policy.cluster_known with input as changed({"cluster": {"api_names": ["a.example"], "api_addresses": ["192.0.2.10"]}})
	not policy.cluster_known with input as object.remove(good, {"cluster"})
	every cluster in [
		{"api_names": []},
		{"api_addresses": []},
		{"api_names": [1]},
		{"api_addresses": ["api.example.com"]},
		{"service_cidrs": ["10.0.0.0/33"]},
		{"pod_cidrs": ["10.0.0.0"]},
	] {
		not policy.cluster_known with input as changed({"cluster": cluster})
	}
}

test_names_of_the_api_server_are_denied if "APIServerName" in codes with input as with_names(["API.example.com"])

test_addresses_of_the_api_server_are_denied if "APIServerAddress" in codes with input as with_addresses(["192.0.2.10"])

test_service_addresses_are_denied if "ServiceAddress" in codes with input as with_addresses(["10.96.7.7"])

test_pod_addresses_are_denied if "PodAddress" in codes with input as with_addresses(["10.244.1.9"])

# A node on the API server's machine: its address and its name are the API server's too.
_control_plane(labels) := changed({
	"requestor": {"username": "system:node:api.example.com"},
	"subject": {"common_name": "system:node:api.example.com"},
	"sans": {"dns": ["api.example.com"], "ip": ["192.0.2.10"]},
	"node": {
		"name": "api.example.com",
		"labels": labels,
		"addresses": [{"type": "InternalIP", "address": "192.0.2.10"}, {"type": "Hostname", "address": "api.example.com"}],
	},
	"claims": [{"address": "192.0.2.10", "nodes": []}, {"address": "api.example.com", "nodes": []}],
})

test_control_plane_shares_with_the_api_server if {
	codes == set() with input as _control_plane({"node-role.kubernetes.io/control-plane": ""})
}

test_control_plane_is_waited_for_until_it_is_labelled if {
	codes == {"ControlPlaneLabelMissing"} with input as _control_plane({"kubernetes.io/role": "control-plane"})
}

test_what_is_shared_is_named if {
	msg := "the Node has names or addresses of the API server without the control-plane label: 192.0.2.10, api.example.com"
	messages == {msg} with input as _control_plane({})
}
