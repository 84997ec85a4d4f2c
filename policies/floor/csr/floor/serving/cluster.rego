package csr.floor.serving

# METADATA
# title: The control plane's names and addresses are known
# description: |
#   Every member well-formed, the API server with one name and one address at least. Without them the rules below would
#   have nothing to compare with, and be silent.
cluster_known if {
	count(input.cluster.api_names) > 0
	count(input.cluster.api_addresses) > 0
	every name in input.cluster.api_names {
		is_string(name)
	}
	every address in input.cluster.api_addresses {
		is_ip(address)
	}
	every range in input.cluster.service_cidrs {
		is_cidr(range)
	}
	every range in input.cluster.pod_cidrs {
		is_cidr(range)
	}
}

# METADATA
# title: No name of the API server is requested, but by the Node of that name
api_names_unrequested if count(_foreign_api_names) == 0

# METADATA
# title: No address of the API server is requested, but by a Node that lists it as its IP address
api_addresses_unrequested if count(_foreign_api_addresses) == 0

# METADATA
# title: Only a control-plane node shares names and addresses with the API server
# scope: document
# description: |
#   Its kubelet serves on the machine that is an API endpoint too. NodeRestriction keeps nodes from giving themselves
#   labels under node-role.kubernetes.io/, so the label is the cluster administrator's word.
api_server_shared_by_control_plane if count(_own_api_names | _own_api_addresses) == 0

api_server_shared_by_control_plane if "node-role.kubernetes.io/control-plane" in object.keys(input.node.labels)

# METADATA
# title: No address of a Service is requested
# description: Without exception, so that a control-plane node cannot have the virtual IP of the API server.
service_addresses_unrequested if count(_service_addresses) == 0

# METADATA
# title: No address of a pod is requested
pod_addresses_unrequested if count(_pod_addresses) == 0

_api_names contains name if {
	some name in input.sans.dns
	lower(name) in {lower(api) | some api in input.cluster.api_names}
}

# The name of a Node is fixed at its creation; the Hostname in its status is the node's own word, and is not asked.
_own_api_names contains name if {
	some name in _api_names
	lower(name) == input.node.name
}

_foreign_api_names := _api_names - _own_api_names

_api_addresses contains address if {
	some address in requested_ips
	some api in input.cluster.api_addresses
	same_address(address, api)
}

# As an IP address: a Node that lists it as a DNS name only does not hold it.
_own_api_addresses := _api_addresses & node_ips

_foreign_api_addresses := _api_addresses - _own_api_addresses

_service_addresses contains address if {
	some address in requested_ips
	some range in input.cluster.service_cidrs
	net.cidr_contains(range, address)
}

_pod_addresses contains address if {
	some address in requested_ips
	some range in input.cluster.pod_cidrs
	net.cidr_contains(range, address)
}

# METADATA
# title: A name of the API server is requested
# description: The requestor wants to answer for the API server.
# custom:
#   code: APIServerName
#   remedy: |
#     Treat the requestor as compromised until explained. The names are those of the kubernetes Service and of the
#     configuration.
deny contains reason(rego.metadata.rule(), msg) if {
	count(_foreign_api_names) > 0
	msg := $"names of the API server: {listed(_foreign_api_names)}"
}

# METADATA
# title: An address of the API server is requested
# description: The requestor wants to answer for the API server, with an address that its own Node does not list.
# custom:
#   code: APIServerAddress
#   remedy: |
#     Treat the requestor as compromised until explained. The addresses are those of the kubernetes Service, its
#     endpoints and the configuration.
deny contains reason(rego.metadata.rule(), msg) if {
	count(_foreign_api_addresses) > 0
	msg := $"addresses of the API server that are none of the Node's: {listed(_foreign_api_addresses)}"
}

# METADATA
# title: An address in a Service range is requested
# description: The requestor wants to answer for a Service.
# custom:
#   code: ServiceAddress
#   remedy: |
#     Treat the requestor as compromised until explained. If the ranges overlap the nodes' network, correct them.
deny contains reason(rego.metadata.rule(), msg) if {
	count(_service_addresses) > 0
	msg := $"addresses in a Service range ({listed(input.cluster.service_cidrs)}): {listed(_service_addresses)}"
}

# METADATA
# title: An address in a pod range is requested
# description: The requestor wants to answer for a pod.
# custom:
#   code: PodAddress
#   remedy: |
#     Treat the requestor as compromised until explained. If the configured ranges overlap the nodes' network, correct
#     them.
deny contains reason(rego.metadata.rule(), msg) if {
	count(_pod_addresses) > 0
	msg := $"addresses in a pod range ({listed(input.cluster.pod_cidrs)}): {listed(_pod_addresses)}"
}

# METADATA
# title: The Node shares an address with the API server, and is not labelled as control plane
# description: A control-plane node that is just joining, or a worker with the API server's address in its status.
# custom:
#   code: ControlPlaneLabelMissing
#   remedy: |
#     Label the Node node-role.kubernetes.io/control-plane if it is a control-plane node. If it is not, treat it as
#     compromised.
#   retry_after_seconds: 15
wait contains reason(rego.metadata.rule(), msg) if {
	not api_server_shared_by_control_plane
	shared := _own_api_names | _own_api_addresses
	msg := $"the Node has names or addresses of the API server without the control-plane label: {listed(shared)}"
}
