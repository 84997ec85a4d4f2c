# METADATA
# title: Kubelet serving certificates at Acme
# description: |
#   The default policy, and what Acme demands beside it.
#
#   Add a requirement as a line of `allow`, which must be shown to hold, and a rule `wait` (it may come right) or `deny`
#   (it never will) that only explains why it does not. A rule that is undefined then never approves.
package acme.kubelet_serving

import data.csr.kubelet_serving as base

# METADATA
# title: Kubelet serving certificates at Acme
# description: |
#   The decision about one request. Facts that the default policy asks for are gathered anyhow; under `custom.facts`
#   name those that your own rules need beside them.
# entrypoint: true
# custom:
#   signer_name: kubernetes.io/kubelet-serving
#   max_age_seconds: 900
#   knobs: acme.kubelet_serving.config
decision := {"allow": allow, "deny": deny, "wait": wait, "warn": warn, "config_errors": config_errors}

# METADATA
# title: Every requirement holds
# scope: document
default allow := false

allow if {
	base.allow
	change_permitted
}

# METADATA
# title: What the default policy denies
# scope: rule
deny contains reason if some reason in base.deny

# METADATA
# title: What the default policy waits for
# scope: rule
wait contains reason if some reason in base.wait

# METADATA
# title: What the default policy warns of
# scope: rule
warn contains reason if some reason in base.warn

# METADATA
# title: What is wrong with the knobs of the default policy
# scope: rule
config_errors contains error if some error in base.config_errors
