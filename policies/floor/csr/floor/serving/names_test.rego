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
		"localhost6.localdomain6",
		"ip6-loopback",
	] {
		"NameReserved" in codes with input as with_names([name])
	}
}

test_similar_names_are_not_reserved if {
	policy.names_unreserved with input as with_names(["kubernetes-1", "svc1.example.com", "n1.localdomain"])
}

test_names_that_end_in_numbers if {
	every name in ["127.1", "1", "a.5", "0x7f", "a.0X1f", "10.0.0.1."] {
		policy.ends_in_number(name)
	}
	every name in ["n1", "5a", "10.n1", "0xg"] {
		not policy.ends_in_number(name)
	}
}
