package csr.kubelet_serving

_missing_facts contains "sar.selfnodeserver" if not _review_given

_missing_facts contains "node" if not _node_given

_missing_facts contains "node (this one is another's)" if {
	input.node.found
	not node_is_requestor
}

_missing_facts contains "claims" if not claims_known

_missing_facts contains "cluster" if not cluster_known

_missing_facts contains "pending" if not pending_known

_missing_facts contains $"lookups.{name}" if {
	some name in _trusted_lookups
	not _lookup_answered(name)
}

# Rules of their own: `not f(input.missing)` is undefined, not true.
_review_given if is_boolean(input.sar.selfnodeserver.allowed)

_node_given if is_boolean(input.node.found)

# METADATA
# title: A fact is missing
# description: |
#   The document does not hold every fact that the decision rests on. The program never gets here: a fact that it cannot
#   obtain is an error.
# custom:
#   code: FactMissing
#   remedy: Complete the document, for example from a cluster or with the options of `review`.
wait contains reason(rego.metadata.rule(), msg) if {
	count(_missing_facts) > 0
	msg := $"the document lacks facts, or parts of them: {listed(_missing_facts)}"
}
