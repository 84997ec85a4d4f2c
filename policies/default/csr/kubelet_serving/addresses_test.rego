package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_reserved_addresses_are_denied if {
	every address in [
		"0.0.0.0",
		"127.9.9.9",
		"169.254.169.254",
		"224.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"64:ff9b::c000:20a",
		"fe80::1",
		"ff02::1",
	] {
		"AddressReserved" in codes with input as with_addresses([address])
	}
}

test_reserved_address_as_a_name_is_denied if "AddressReserved" in codes with input as with_names(["127.0.0.1"])

test_malformed_addresses_are_denied if {
	every address in [
		"n1",
		"",
		"10.0.0.1/32",
		"010.0.0.1",
		"10.0.1",
		"10.0.0.1.",
		"10.0.0.1.x",
		":::",
		"::ffff:a00:1",
		"10.0.0.1\n",
		"10.0.0.256",
		"10.0.0.1e1",
		"10.0.0.-1",
		"10.0.0..",
	] {
		"AddressMalformed" in codes with input as with_addresses([address])
	}
}

test_name_that_hides_an_address_is_denied if "AddressMalformed" in codes with input as with_names(["127.1"])

test_same_address_in_other_texts if {
	policy.same_address("10.0.0.1", "10.0.0.1")
	policy.same_address("2001:db8::1", "2001:0db8:0:0:0:0:0:1")
	not policy.same_address("10.0.0.1", "10.0.0.2")
}

test_ranges if {
	policy.is_cidr("10.0.0.0/8")
	policy.is_cidr("fd00::/64")
	policy.is_cidr("fd00::1/128")
	not policy.is_cidr("10.0.0.0/08")
	not policy.is_cidr("10.0.0.0")
	not policy.is_cidr("10.0.0.0/33")
	not policy.is_cidr("::ffff:10.0.0.0/104")
}

test_malformed_addresses_alone_are_named if {
	"not canonical IP addresses: 10.0.1" in messages with input as with_addresses(["10.0.0.1", "10.0.1"])
}
