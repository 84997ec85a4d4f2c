package csr.kubelet_client_test

import data.csr.kubelet_client as policy

_samples := {"a", "0", "x.y"}

test_alternatives_stay_within_the_anchors if {
	policy.matches_whole("^a|b$", "a")
	policy.matches_whole("^a|b$", "b")
	not policy.matches_whole("^a|b$", "ax")
	not policy.matches_whole("^a|b$", "xb")
}

test_good_patterns_have_no_problem if {
	every pattern in ["^$", "^worker-[0-9]+$", "^a|b$", `^a\\$`, "^(eu|us)-[a-z]$", "^[a-z]+$"] {
		not policy.pattern_problem(pattern, _samples)
	}
}

test_unanchored_patterns if {
	every pattern in ["worker", "^worker", "worker$", "^", "$", "", "^worker$\n", "x^worker$"] {
		policy.pattern_problem(pattern, _samples) == "must be an anchored pattern, ^…$"
	}
}

test_invalid_patterns if {
	every pattern in ["^($", `^worker\$`, "^a)(b$", "^[$", "^a{2000}$", "^*$"] {
		policy.pattern_problem(pattern, _samples) == "is not a valid regular expression (RE2)"
	}
}

test_patterns_for_everything if {
	every pattern in ["^.*$", "^.+$", "^(.*)$", "^[a-z0-9.-]*$", "^|.*$", "^(worker)?.*$", "^[a-z].*$"] {
		policy.pattern_problem(pattern, _samples) == "matches nearly everything"
	}
}
