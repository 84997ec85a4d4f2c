package csr.kubelet_serving

# METADATA
# title: IP addresses that the Node lists
# description: |
#   The mapping of the kubelet (pkg/kubelet/certificate/kubelet.go): a Hostname that is an IP address becomes an IP
#   address of the certificate, an InternalDNS or ExternalDNS never does.
node_ips contains entry.address if {
	some entry in input.node.addresses
	entry.type in {"InternalIP", "ExternalIP", "Hostname"}
	is_ip(entry.address)
}

# METADATA
# title: DNS names that the Node lists, in lower case
# scope: document
node_names contains lower(entry.address) if {
	some entry in input.node.addresses
	entry.type in {"InternalDNS", "ExternalDNS"}
}

node_names contains lower(entry.address) if {
	some entry in input.node.addresses
	entry.type == "Hostname"
	not is_ip(entry.address)
}
