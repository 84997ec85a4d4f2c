package csr.kubelet_serving

# METADATA
# title: The request is not too old
# description: |
#   A kubelet waits for 15 minutes (client-go, util/certificate/certificate_manager.go), then makes another request with
#   another key. A certificate for the old one is of use to nobody, or to somebody else.
request_fresh if {
	is_number(input.age_seconds)
	input.age_seconds <= _config.max_age_seconds
}

# METADATA
# title: The request is too old
# description: It waited longer than max_age_seconds. The kubelet has made another one, or will.
# custom:
#   code: RequestStale
#   remedy: None. Kubernetes' cleaner deletes the request within a day.
#   retry_after_seconds: 600
wait contains reason(rego.metadata.rule(), msg) if {
	not request_fresh
	msg := $"the request is {input.age_seconds} seconds old, at most {_text(_config.max_age_seconds)} are allowed"
}
