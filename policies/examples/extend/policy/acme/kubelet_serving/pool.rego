package acme.kubelet_serving

import data.csr.kubelet_serving as base

_pools := {"edge", "worker"}

# METADATA
# title: The Node is in a known pool
# description: |
#   No node can give itself a label under node-restriction.kubernetes.io/: the admission plugin NodeRestriction sees
#   to it.
pool_known if input.node.labels["node-restriction.kubernetes.io/pool"] in _pools

# METADATA
# title: The Node is in no known pool
# description: The label node-restriction.kubernetes.io/pool is missing, or names another pool.
# custom:
#   code: PoolUnknown
#   remedy: Label the Node, if it is yours.
wait contains base.reason(rego.metadata.rule(), msg) if {
	not pool_known
	msg := $"the Node's label node-restriction.kubernetes.io/pool is none of {base.listed(_pools)}"
}
