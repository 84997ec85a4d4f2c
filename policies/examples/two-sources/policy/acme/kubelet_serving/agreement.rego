package acme.kubelet_serving

import data.csr.kubelet_serving as base

# METADATA
# title: DNS agrees with the Node
# description: |
#   Every requested name leads to requested addresses and nowhere else, and every requested address is behind a
#   requested name. A name server that fails is an error of the fact, and never an approval.
dns_agrees if {
	count(input.sans.dns) > 0
	every name in input.sans.dns {
		_leads_here(name)
	}
	every address in input.sans.ip {
		address in _resolved
	}
}

_leads_here(name) if {
	some resolution in input.dns
	resolution.name == lower(name)
	resolution.found == true
	count(resolution.addresses) > 0
	every address in resolution.addresses {
		address in input.sans.ip
	}
}

_resolved contains address if {
	some resolution in input.dns
	some address in resolution.addresses
}

_astray contains name if {
	some name in input.sans.dns
	not _leads_here(name)
}

_hidden contains address if {
	some address in input.sans.ip
	not address in _resolved
}

# METADATA
# title: DNS does not agree with the Node
# description: The zone does not have the machine yet, has it at another address, or the request is for another's name.
# custom:
#   code: DNSDisagrees
#   remedy: Compare the zone with the Node's addresses. If the zone is right, the node is not what it says.
#   retry_after_seconds: 60
wait contains base.reason(rego.metadata.rule(), msg) if {
	not dns_agrees
	names := base.listed(_astray)
	addresses := base.listed(_hidden)
	msg := $"DNS does not agree: names that lead elsewhere: [{names}]; addresses behind no name: [{addresses}]"
}
