package acme.kubelet_serving

# METADATA
# title: The request is not allowed
# description: |
#   For conftest, which tests `deny`, `warn` and rules of this name: it fails wherever the program would not approve, be
#   it that a fact or the data is missing. The program does not read it.
# custom:
#   code: NotAllowed
#   remedy: See the other reasons. If there is none, see that the document and the data are there.
violation contains {"code": rego.metadata.rule().custom.code, "msg": "the request is not allowed"} if not allow

# METADATA
# title: What the program would wait for
# scope: rule
violation contains reason if some reason in wait

# METADATA
# title: Configuration errors
# description: The program refuses the bundle.
# scope: rule
violation contains error if some error in config_errors
