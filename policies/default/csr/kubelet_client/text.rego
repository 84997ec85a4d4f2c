package csr.kubelet_client

# METADATA
# title: A reason
# description: |
#   What a rule says when it fires. The code, and when to look again, come from the rule's own METADATA, so that
#   they are stated once. Call it as `reason(rego.metadata.rule(), msg)`.
reason(rule, msg) := object.union(
	{"code": rule.custom.code, "msg": msg},
	object.filter(rule.custom, {"retry_after_seconds"}),
)

# METADATA
# title: A short list for a message
# scope: document
# description: |
#   Sorted and bounded. Requests and Node status come from machines that may be compromised: nothing they write
#   may make a message long.
listed(texts) := concat(", ", _shown(texts)) if count(texts) <= 5

listed(texts) := $"{concat(", ", _shown(texts))} and {count(texts) - 5} more" if count(texts) > 5

# METADATA
# title: A short text for a message
# scope: document
shortened(text) := text if count(text) <= 80

shortened(text) := $"{substring(text, 0, 77)}..." if count(text) > 80

# METADATA
# title: A text of these characters alone
# scope: document
# description: |
#   Holds of the empty text. An expression would be shorter, but WebAssembly compiles each expression again in each
#   evaluation, which took longer than all the rest.
made_of(text, characters) if trim(text, characters) == ""

# METADATA
# title: One label of a host name
# scope: document
# description: Letters, digits and hyphens, neither first nor last a hyphen (RFC 1123 section 2.1). Of any length.
is_label(text, letters) if {
	text != ""
	made_of(text, $"{letters}0123456789-")
	not startswith(text, "-")
	not endswith(text, "-")
}

_shown(texts) := [shortened(text) | some text in array.slice(sort(texts), 0, 5)]
