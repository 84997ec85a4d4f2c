package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_lookup_problems contains trim_prefix(error.path, "csr.kubelet_serving.config.lookups") if {
	some error in policy.config_errors
}

_lookups_of(lookups) := turned({"lookups": lookups})

_asking := {"query": {"version": "v1", "resource": "machines", "name": "{node_name}"}, "addresses": ["a"]}

_lookup_with(patch) := _lookups_of({"m": object.union(_asking, patch)})

_query(patch) := _lookup_with({"query": patch})

_selecting(patch) := _lookups_of({"m": {
	"query": object.union({"version": "v1", "resource": "machines"}, patch),
	"addresses": ["a"],
}})

test_names_of_lookups if {
	every name in ["a", "a_b", "a0", concat("", ["a" | some _ in numbers.range(1, 63)])] {
		_lookup_problems == set() with policy.config as _lookups_of({name: _asking})
	}
	every name in ["", "A", "0a", "_a", "a-b", "aB", "a.b", "a\n", concat("", ["a" | some _ in numbers.range(1, 64)])] {
		count(_lookup_problems) == 1 with policy.config as _lookups_of({name: _asking})
	}
}

test_paths_of_lookups if {
	every field in ["addresses", "node"] {
		_lookup_problems == set() with policy.config as _lookup_with({field: ["a", "b"]})
		every path in [[], "a", ["a", ""], ["a", 7], {"a": "b"}, null] {
			_lookup_problems == {$".m.{field}"} with policy.config as _lookup_with({field: path})
		}
	}
}

test_texts_of_queries if {
	every field in ["group", "namespace"] {
		every text in ["", "a"] {
			_lookup_problems == set() with policy.config as _query({field: text})
		}
	}
	every field in ["version", "resource"] {
		_lookup_problems == set() with policy.config as _query({field: "a"})
		every text in ["", 7, null] {
			_lookup_problems == {$".m.query.{field}"} with policy.config as _query({field: text})
		}
	}
	every field in ["group", "namespace"] {
		every text in [7, null] {
			_lookup_problems == {$".m.query.{field}"} with policy.config as _query({field: text})
		}
	}
}

test_selectors_of_queries if {
	every patch in [
		{"name": "{node_name}"},
		{"labels": {"a": "{node_name}"}},
		{"match": {"a": "{requestor.username}"}},
		{"labels": {"a": "b"}, "match": {"a": "x{subject.common_name}"}},
		{"name": "{node_name}", "labels": {}, "match": {}},
		{"name": "", "labels": {"a": "{node_name}"}},
	] {
		_lookup_problems == set() with policy.config as _selecting(patch)
	}
	every patch in [
		{"name": "{node_name}", "labels": {"a": "b"}},
		{"name": "{node_name}", "match": {"a": "b"}},
	] {
		_lookup_problems == {".m.query"} with policy.config as _selecting(patch)
	}
	every patch in [{}, {"name": ""}, {"labels": {}}, {"match": {}}] {
		_lookup_problems == {".m", ".m.query"} with policy.config as _selecting(patch)
	}
	every field in ["labels", "match"] {
		every value in [{"a": "{node_name}", "b": 7}, ["{node_name}"]] {
			_lookup_problems == {$".m.query.{field}"} with policy.config as _selecting({field: value})
		}
	}
}

test_lookups_name_the_node if {
	every patch in [{"name": "n1"}, {"labels": {"a": "{requestor.uid}"}}, {"name": "n1", "namespace": "{node_name}"}] {
		_lookup_problems == {".m"} with policy.config as _selecting(patch)
	}
}
