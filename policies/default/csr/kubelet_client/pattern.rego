package csr.kubelet_client

# METADATA
# title: The whole text matches an anchored pattern
# description: |
#   In a group of its own, so that no alternative and no flag of the pattern gets out of the anchors: `^a|b$` is a or b,
#   not all that begins or ends so.
matches_whole(pattern, text) if regex.match(_whole(pattern), text)

# METADATA
# title: What is wrong with a pattern
# scope: document
# description: |
#   Undefined for a good one. `samples` are texts that have nothing in common: a pattern that matches two of them
#   matches nearly everything, and must not look like a limit.
pattern_problem(pattern, samples) := "must be an anchored pattern, ^…$" if {
	not _is_anchored(pattern)
} else := "is not a valid regular expression (RE2)" if {
	not _is_valid(pattern)
} else := "matches nearly everything" if {
	count([sample | some sample in samples; matches_whole(pattern, sample)]) >= 2
}

_is_anchored(pattern) if regex.match(`(?s)^\^.*\$$`, pattern)

# By itself, and in the group: the $ of `^a\$` is none, and `^a)(b$` would close the group.
_is_valid(pattern) if {
	regex.is_valid(pattern)
	regex.is_valid(_whole(pattern))
}

_whole(pattern) := concat("", ["^(?:", trim_suffix(trim_prefix(pattern, "^"), "$"), ")$"])
