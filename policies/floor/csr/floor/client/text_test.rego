package csr.floor.client_test

import data.csr.floor.client as policy

test_reason_takes_code_and_retry_from_metadata if {
	rule := {"title": "T", "custom": {"code": "C", "remedy": "R", "retry_after_seconds": 5}}
	policy.reason(rule, "m") == {"code": "C", "msg": "m", "retry_after_seconds": 5}
}

test_list_is_sorted if policy.listed({"b", "a"}) == "a, b"

test_list_is_bounded if policy.listed(["1", "2", "3", "4", "5", "6", "7"]) == "1, 2, 3, 4, 5 and 2 more"

test_text_is_bounded if {
	policy.shortened("short") == "short"
	count(policy.shortened(concat("", [$"{n}" | some n in numbers.range(1, 100)]))) == 80
}

test_list_shows_five_texts if {
	policy.listed(["1", "2", "3", "4", "5"]) == "1, 2, 3, 4, 5"
	policy.listed(["1", "2", "3", "4", "5", "6"]) == "1, 2, 3, 4, 5 and 1 more"
}

test_text_of_80_characters_is_shown if {
	text := concat("", [format_int(n % 10, 10) | some n in numbers.range(1, 80)])
	policy.shortened(text) == text
	policy.shortened($"{text}1") == $"{substring(text, 0, 77)}..."
}
