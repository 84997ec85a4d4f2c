package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_ranges_begin_with_their_first_address if {
	every range in [
		"0.0.0.0/0", "10.0.0.0/8", "10.64.0.0/10", "10.0.0.128/25", "10.0.0.5/32", "255.255.255.254/31",
		"::/0", "fd00::/8", "fd00:8000::/17", "2001:db8:0:4::/62", "2001:db8::ff00:0/120", "::1/128",
		"1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7:0/112", "fd00:abcd:ef01:2345::/64", "1::8/125",
		"::2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7::/112",
	] {
		policy.is_network(range)
	}
}

test_ranges_that_begin_elsewhere_are_none if {
	every range in [
		"0.0.0.1/0", "10.0.0.5/8", "10.64.0.0/9", "10.0.0.128/24", "10.0.0.5/31", "255.255.255.255/31",
		"::1/0", "fd01::/8", "fd00:8000::/16", "2001:db8:0:4::/61", "2001:db8::ff80:0/104", "::1/127",
		"1:2:3:4:5:6:7:9/127", "1:2:3:4:5:6:7:1/112", "fd00:abcd:ef01:2345::/63", "1::8/124",
		"fd00::ffff:0/96",
	] {
		not policy.is_network(range)
	}
}

test_each_bit_of_a_word_counts if {
	words := ["1", "2", "4", "8", "10", "20", "40", "80", "100", "200", "400", "800", "1000", "2000", "4000", "8000"]
	every bit, word in words {
		policy.is_network($"1::{word}/{128 - bit}")
		not policy.is_network($"1::{word}/{127 - bit}")
	}
}

test_other_texts_are_no_ranges if {
	every text in ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0/8", "fd00::/129", "fd00::g/64", ""] {
		not policy.is_network(text)
	}
}
