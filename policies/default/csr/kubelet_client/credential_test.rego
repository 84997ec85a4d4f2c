package csr.kubelet_client_test

import data.csr.kubelet_client as policy

_demanding := object.union(policy.config, {"require_credential_id": true})

_with_ids(ids) := renewal_with({"requestor": {"extra": {"authentication.kubernetes.io/credential-id": ids}}})

test_credential_is_not_demanded_by_default if policy.credential_shown with input as renewal

test_credential_is_demanded_of_nodes if {
	document := _with_ids([$"X509SHA256={concat("", ["0123456789abcdef" | some _ in numbers.range(1, 4)])}"])
	policy.allow with input as document with policy.config as _demanding
	policy.allow with input as good with policy.config as _demanding
}

test_missing_or_malformed_credential_is_denied if {
	every document in [renewal, _with_ids([]), _with_ids(["x"])] {
		codes == {"CredentialIDMissing"} with input as document with policy.config as _demanding
	}
}

test_credential_is_one_and_whole if {
	good_id := $"X509SHA256={concat("", ["0123456789abcdef" | some _ in numbers.range(1, 4)])}"
	every ids in [[good_id, good_id], [$"JTI={good_id}"], [$"{good_id}0"], [$"{good_id}\n"]] {
		codes == {"CredentialIDMissing"} with input as _with_ids(ids) with policy.config as _demanding
	}
}

test_missing_credential_is_shown_as_none if {
	msg := "the requestor has no X.509 credential-id (), and require_credential_id is set"
	messages == {msg} with input as renewal with policy.config as _demanding
}
