package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

test_age_is_limited if {
	policy.allow with input as changed({"age_seconds": 900})
	codes == {"RequestStale"} with input as changed({"age_seconds": 901})
	codes == {"RequestStale"} with input as object.remove(good, {"age_seconds"})
	codes == {"RequestStale"} with input as changed({"age_seconds": null})
}
