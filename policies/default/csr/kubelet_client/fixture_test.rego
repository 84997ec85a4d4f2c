package csr.kubelet_client_test

import data.csr.kubelet_client as policy

# A good request of a bootstrap token, and the facts about it. Each test changes one thing; policies/cases has many more
# of them.
good := {
	"version": 1,
	"created_at": "2026-11-22T05:59:59Z",
	"signer_name": "kubernetes.io/kube-apiserver-client-kubelet",
	"expiration_seconds": 0,
	"usages": ["client auth", "digital signature"],
	"requestor": {
		"username": "system:bootstrap:abcdef",
		"groups": ["system:authenticated", "system:bootstrappers"],
		"extra": {},
	},
	"subject": {"common_name": "system:node:n9", "organization": ["system:nodes"]},
	"sans": {"dns": [], "ip": [], "email": [], "uri": []},
	"key": {"algorithm": "ECDSA", "curve": "P-256", "bits": 256},
	"sar": {
		"nodeclient": {"allowed": true, "denied": false, "reason": ""},
		"selfnodeclient": {"allowed": false, "denied": false, "reason": ""},
	},
	"node": {"found": false, "name": "n9"},
}

changed(patch) := object.union(good, patch)

# The same for a node that renews its own.
renewal := changed({
	"requestor": {"username": "system:node:n9", "groups": ["system:authenticated", "system:nodes"]},
	"sar": {
		"nodeclient": {"allowed": false, "denied": false, "reason": ""},
		"selfnodeclient": {"allowed": true, "denied": false, "reason": ""},
	},
	"node": {"found": true, "name": "n9", "deleting": false, "created_at": "2026-11-22T05:00:00Z"},
})

renewal_with(patch) := object.union(renewal, patch)

codes contains reason.code if some reason in (policy.deny | policy.wait)

messages contains reason.msg if some reason in (policy.deny | policy.wait)
