package csr.kubelet_serving

# METADATA
# title: It is known how many requests are pending
pending_known if {
	is_boolean(input.pending.newer)
	is_number(input.pending.requestor)
	is_number(input.pending.cluster)
}

# METADATA
# title: The request is the requestor's newest, where that is demanded
# description: |
#   A kubelet waits for the request that it made last. It has thrown away the keys of the earlier ones, so that whoever
#   still wants those approved is not the kubelet.
# scope: document
request_newest if _config.newest_only == false

request_newest if input.pending.newer == false

# METADATA
# title: The requestor has not too many pending requests
# scope: document
requestor_calm if _config.max_pending_requestor == 0

requestor_calm if input.pending.requestor <= _config.max_pending_requestor

# METADATA
# title: The cluster has not too many pending requests
# scope: document
cluster_calm if _config.max_pending_cluster == 0

cluster_calm if input.pending.cluster <= _config.max_pending_cluster

# METADATA
# title: The requestor has made a newer request
# description: The kubelet restarted, its addresses changed, or it stopped waiting, and has made another request.
# custom:
#   code: NewerRequest
#   remedy: None. The newer request is judged, and Kubernetes' cleaner deletes this one within a day.
#   retry_after_seconds: 600
wait contains reason(rego.metadata.rule(), msg) if {
	pending_known
	not request_newest
	msg := $"{shortened(input.requestor.username)} has made a newer request for this signer"
}

# METADATA
# title: The requestor has too many pending requests
# description: The kubelet restarts again and again, its requests have waited for long, or somebody floods the cluster.
# custom:
#   code: TooManyPendingOfRequestor
#   remedy: |
#     See why its requests stay pending, or who makes them. Delete them, or raise max_pending_requestor.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	pending_known
	not requestor_calm
	whose := shortened(input.requestor.username)
	msg := $"{input.pending.requestor} requests of {whose} are pending, at most {_limit("requestor")} may be"
}

# METADATA
# title: The cluster has too many pending requests
# description: Many nodes join at once, requests have been waiting for long, or somebody floods the cluster.
# custom:
#   code: TooManyPending
#   remedy: |
#     See whose requests are pending, and why. Nothing is approved until there are fewer, or max_pending_cluster is
#     raised.
#   retry_after_seconds: 60
wait contains reason(rego.metadata.rule(), msg) if {
	pending_known
	not cluster_calm
	msg := $"{input.pending.cluster} requests are pending, at most {_limit("cluster")} may be"
}

_limit(whose) := format_int(_config[$"max_pending_{whose}"], 10)
