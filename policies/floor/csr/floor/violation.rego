package csr.floor

# METADATA
# title: The floor does not pass
# description: |
#   For conftest, which tests rules of this name: it fails wherever the program would not approve, be it that a fact is
#   missing. The program does not read it.
# custom:
#   code: FloorNotPassed
#   remedy: See the other reasons. If there is none, the document lacks a fact that the floor asks for.
violation contains {"code": rego.metadata.rule().custom.code, "msg": msg} if {
	# Not `facts.pass`: opa makes an entrypoint of every rule that reads one.
	not _facts_pass
	msg := "the floor does not pass"
}

# METADATA
# title: The floor's reasons
violation contains reason if some reason in (_facts_deny | _facts_wait)
