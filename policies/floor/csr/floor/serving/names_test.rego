package csr.floor.serving_test

import data.csr.floor.serving as policy

test_malformed_names_are_denied if {
	every name in ["*.example.com", "n1.", "n_1", "", "a..b", "-a", "a-", "n1\n"] {
		"NameMalformed" in codes with input as with_names([name])
	}
}

test_reserved_names_are_denied if {
	every name in [
		"kubernetes",
		"Kubernetes.default",
		"db.shop.SVC.cluster.local",
		"localhost",
		"a.localhost",
		"localhost4",
		"localhost.localdomain",
		"localhost4.localdomain4",
		"localhost6.localdomain6",
		"ip6-loopback",
	] {
		"NameReserved" in codes with input as with_names([name])
	}
}

test_similar_names_are_not_reserved if {
	policy.names_unreserved with input as with_names(["kubernetes-1", "svc1.example.com", "n1.localdomain", "mylocalhost"])
}

test_names_that_end_in_numbers if {
	every name in ["127.1", "1", "a.5", "0x", "0x7f", "a.0X1F", "10.0.0.1."] {
		policy.ends_in_number(name)
	}
	every name in ["n1", "5a", "10.n1", "0xg"] {
		not policy.ends_in_number(name)
	}
}

test_labels_have_63_characters_at_most if {
	policy.names_well_formed with input as with_names([$"{_text(63)}.{_text(63)}"])
	every name in [$"{_text(64)}.a", $"a.{_text(64)}"] {
		not policy.names_well_formed with input as with_names([name])
	}
}

test_names_have_253_characters_at_most if {
	labels := $"{_text(63)}.{_text(63)}.{_text(63)}"
	policy.names_well_formed with input as with_names([$"{labels}.{_text(61)}"])
	not policy.names_well_formed with input as with_names([$"{labels}.{_text(62)}"])
}

test_malformed_names_alone_are_named if {
	"not host names of letters, digits and hyphens: n_1" in messages with input as with_names(["n1", "n_1"])
}

test_reserved_names_alone_are_named if {
	"reserved names: localhost" in messages with input as with_names(["n1", "localhost"])
}

_text(length) := concat("", ["a" | some _ in numbers.range(1, length)])
