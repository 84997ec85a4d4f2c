package acme.kubelet_serving

import data.csr.kubelet_serving as base

_vpc := "10.0.0.0/16"

# METADATA
# title: The Node is an instance of the region, and asks for the address in its name
ec2_instance_shown if {
	provider_in_region
	address_as_named
}

# METADATA
# title: The Node's provider ID is an instance of the region
provider_in_region if regex.match(`^aws:///eu-west-1[a-z]/i-[0-9a-f]{8,17}$`, input.node.provider_id)

# METADATA
# title: Of the VPC, nothing but the address in the Node's name is requested
# description: |
#   IP names hold the instance's primary address, and the name is the one thing that a node cannot choose: it is in the
#   certificate by which it was authenticated. So no other address of the VPC can be its own.
address_as_named if {
	named := _address_named(input.node.name)
	every address in _requested_in_vpc {
		address == named
	}
}

_address_named(name) := replace(trim_prefix(split(name, ".")[0], "ip-"), "-", ".") if startswith(name, "ip-")

_requested_in_vpc contains address if {
	some address in input.sans.ip
	net.cidr_contains(_vpc, address)
}

# METADATA
# title: The Node is no instance of the region
# description: The provider ID is missing, or of another region or provider.
# custom:
#   code: ProviderUnknown
#   remedy: See that the cloud provider sets the Node's providerID, and that the machine is one of this cluster.
wait contains base.reason(rego.metadata.rule(), msg) if {
	not provider_in_region
	msg := "the Node's provider ID names no instance in eu-west-1"
}

# METADATA
# title: An address of the VPC is not the one in the Node's name
# description: The request is for another machine's address, or the instance has resource names instead of IP names.
# custom:
#   code: AddressNotNamed
#   remedy: Unless the instance has several addresses, or a resource name, treat it as compromised until explained.
wait contains base.reason(rego.metadata.rule(), msg) if {
	not address_as_named
	msg := $"addresses of the VPC that are not in the Node's name: {base.listed(_requested_in_vpc)}"
}
