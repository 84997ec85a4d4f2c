package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_config := object.union(policy.config, {"require_credential_id": true})

_with_ids(ids) := changed({"requestor": {"extra": {"authentication.kubernetes.io/credential-id": ids}}})

test_credential_is_not_demanded_by_default if policy.credential_shown with input as good

test_credential_is_demanded if {
	document := _with_ids([$"X509SHA256={concat("", ["0123456789abcdef" | some _ in numbers.range(1, 4)])}"])
	policy.credential_shown with input as document with policy.config as _config
}

test_missing_or_malformed_credential_is_denied if {
	id := $"X509SHA256={concat("", ["0123456789abcdef" | some _ in numbers.range(1, 4)])}"
	every document in [good, _with_ids([]), _with_ids(["x"]), _with_ids([$"x{id}"]), _with_ids([$"{id}0"])] {
		"CredentialIDMissing" in codes with input as document with policy.config as _config
	}
}
