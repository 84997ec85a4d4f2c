package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_addresses_are_read_as_the_kubelet_does if {
	addresses := [
		{"type": "InternalIP", "address": "10.0.0.1"},
		{"type": "ExternalIP", "address": "fd00::1"},
		{"type": "Hostname", "address": "10.0.0.3"},
		{"type": "Hostname", "address": "N1"},
		{"type": "InternalDNS", "address": "10.0.0.9"},
		{"type": "ExternalDNS", "address": "n1.Example.com"},
		{"type": "InternalIP", "address": "n1"},
		{"type": "Nickname", "address": "nobody"},
	]
	document := changed({"node": {"addresses": addresses}})
	policy.node_ips == {"10.0.0.1", "fd00::1", "10.0.0.3"} with input as document
	policy.node_names == {"n1", "10.0.0.9", "n1.example.com"} with input as document
}
