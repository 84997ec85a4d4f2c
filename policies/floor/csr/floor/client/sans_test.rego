package csr.floor.client_test

test_every_name_is_denied if {
	every kind in ["dns", "ip", "email", "uri"] {
		codes == {"SANNotAllowed"} with input as changed({"sans": {kind: ["x"]}})
	}
}
