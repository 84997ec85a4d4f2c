package csr.floor.client_test

_refused := [
	{"allowed": false, "denied": false, "reason": ""},
	{"allowed": true, "denied": true, "reason": ""},
]

test_refused_reviews_are_waited_for if {
	every review in _refused {
		codes == {"AccessNotGranted"} with input as changed({"sar": {"nodeclient": review}})
		codes == {"AccessNotGranted"} with input as renewal_with({"sar": {"selfnodeclient": review}})
	}
}

test_review_of_the_other_kind_grants_nothing if {
	granted := {"allowed": true, "denied": false, "reason": ""}
	refused := {"allowed": false, "denied": false, "reason": ""}
	codes == {"AccessNotGranted"} with input as changed({"sar": {"selfnodeclient": granted, "nodeclient": refused}})
	codes == {"AccessNotGranted"} with input as renewal_with({"sar": {"selfnodeclient": refused, "nodeclient": granted}})
}

test_review_and_its_reason_are_named if {
	review := {"allowed": false, "denied": true, "reason": "frozen"}
	said := messages with input as changed({"sar": {"nodeclient": review}})
	some msg in said
	endswith(msg, "certificatesigningrequests/nodeclient: frozen")
}

test_missing_reason_is_not_shown if {
	said := messages with input as changed({"sar": {"nodeclient": {"allowed": false, "denied": false, "reason": ""}}})
	some msg in said
	endswith(msg, "certificatesigningrequests/nodeclient")
}
