package csr.kubelet_client

_missing_facts contains $"sar.{_needed_review}" if {
	is_string(_needed_review)
	not _review_given
}

_missing_facts contains "node" if not _node_given

_missing_facts contains "node (this one is another's)" if {
	_node_given
	not node_is_subject
}

# Rules of their own: `not f(input.missing)` is undefined, not true.
_review_given if {
	some name, review in input.sar
	name == _needed_review
	is_boolean(review.allowed)
}

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
