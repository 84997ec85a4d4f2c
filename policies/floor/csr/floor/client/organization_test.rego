package csr.floor.client_test

test_organization_is_exact if {
	"OrganizationNotNodes" in codes with input as changed({"subject": {"organization": ["system:nodes", "x"]}})
}
