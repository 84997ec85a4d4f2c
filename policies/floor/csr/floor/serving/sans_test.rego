package csr.floor.serving_test

test_nothing_requested_is_denied if {
	"SANMissing" in codes with input as changed({"sans": {"dns": [], "ip": []}})
}

test_email_is_denied if "EmailNotAllowed" in codes with input as changed({"sans": {"email": ["a@b.c"]}})

test_uri_is_denied if "URINotAllowed" in codes with input as changed({"sans": {"uri": ["spiffe://x/y"]}})
