package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_problems contains trim_prefix(error.path, "csr.kubelet_serving.config.inventory") if some error in policy.config_errors

_inventory(pools) := turned({"inventory": pools})

_one(pool) := _inventory({"p": pool})

_labelled(labels) := _one({"names": ["{node}"], "labels": labels})

_role(name) := $"node-role.kubernetes.io/{name}"

_of_names(count_of_names, letter) := concat("", [letter | some _ in numbers.range(1, count_of_names)])

test_names_of_pools if {
	pool := {"node_name": "^n1$", "names": ["{node}"]}
	every name in ["a", "A", "0", "a-b", "a_b.C", _of_names(63, "x")] {
		_problems == set() with policy.config as _inventory({name: pool})
	}
	every name in ["", "a-", "-a", ".a", "a b", "a\n", _of_names(64, "x")] {
		count(_problems) == 1 with policy.config as _inventory({name: pool})
	}
}

test_expressions_for_nodes if {
	every expression in [
		"^n1$", `^n1\.example\.com$`, "^worker-[0-9]+$", `^n\d{1,3}$`, "^n[a-z]{2}$", "^n[0-9]{100,}$", "^na*b?$", "^n.$",
		"^(a|b)$", "^(?:a|b)-1$", "^(a|(?:b[0-9]+|c){2})+x$", `^a[\d\-.]$`, `^a\-b$`, $"^{_of_names(254, "n")}$",
	] {
		_problems == set() with policy.config as _one({"node_name": expression, "names": ["{node}"]})
	}
	every expression in [
		"", "n1", "^n1", "n1$", "^$", "^a|b$", "^(a|b$", "^a)(b$", "^[$", "^[]$", "^[^a]$", `^\w$`, `^a\b$`, "^N1$", "^n_1$",
		"^(?i)n$", "^(?i:n)$", "^n1\n$", "^n1$\n", "^n$1$", "^n^1$", "^n{1000}$", "^n{2000}$", "^n{,2}$", "^n{2,1}$", "^n+*$",
		"^*$", "^(((a)))$", $"^{_of_names(255, "n")}$", "x^n1$",
	] {
		_problems == {".p.node_name"} with policy.config as _one({"node_name": expression, "names": ["{node}"]})
	}
}

test_expressions_for_all_nodes if {
	every expression in [
		"^.*$", "^.+$", "^[-a-z0-9]+$", "^[-a-z0-9]{1,63}$", "^[a-z0-9.-]+$", "^[a-z0-9-]+(-[a-z0-9]+)+$",
		`^[-a-z0-9]+\.[-a-z0-9.]+$`, "^(n1|.*)$", "^[a-z0-9].*$", "^..*..$", "^.*[a-z]$",
		"^[a-z].*$", "^.*e.*$", "^(improbable.*|8.*|m.*)$", "^(q.*|8.*|m.*)$",
	] {
		_problems == {".p.node_name"} with policy.config as _one({"node_name": expression, "names": ["{node}"]})
	}
	every expression in [
		"^[0-9].*$", "^.*[0-9]$", "^[-a-z]+$", "^[a-z0-9]+$", "^(improbable.*|m.*)$", "^(q.*|m.*)$",
	] {
		_problems == set() with policy.config as _one({"node_name": expression, "names": ["{node}"]})
	}
}

test_labels_of_nodes if {
	every key in ["node-restriction.kubernetes.io/a", _role("worker"), _role("a_B.c-0")] {
		every value in ["", "a", "A-b_c.0", _of_names(63, "x")] {
			_problems == set() with policy.config as _labelled({key: value})
		}
		every value in ["-", "a-", ".a", "a b", "a\n", _of_names(64, "x"), 1, true, null] {
			_problems == {$".p.labels.{key}"} with policy.config as _labelled({key: value})
		}
	}
	every key in [
		"node-role.kubernetes.io/", "node-role.kubernetes.io/-a", "node-role.kubernetes.io/a-", "node-role.kubernetes.io/a\n",
		"node-rolexkubernetes.io/a", "node-role.kubernetesxio/a", "xnode-role.kubernetes.io/a", "kubernetes.io/a",
		$"node-role.kubernetes.io/{_of_names(64, "x")}",
	] {
		count(_problems) == 1 with policy.config as _labelled({key: "a"})
	}
	_problems == set() with policy.config as _labelled({_role(_of_names(63, "x")): ""})
	_problems == {".p.labels"} with policy.config as _labelled("worker")
}

test_names_in_pools if {
	every name in ["a", "0", "{node}.a", "*.a", "a-*.b", "{host}-{node}.a.b", "{node}", "{host}", _of_names(253, "a")] {
		_problems == set() with policy.config as _one({"node_name": "^n1$", "names": ["a", name]})
	}
	every name in [
		"", "*", "*.*", "-", "A", "a.", ".a", "a..b", "a_b", "{name}", "{node", "a\n", "xa\nb", _of_names(254, "a"), 7,
	] {
		_problems == {".p.names[1]"} with policy.config as _one({"node_name": "^n1$", "names": ["a", name]})
	}
	_problems == {".p.names"} with policy.config as _one({"node_name": "^n1$", "names": "a"})
}

test_ranges_of_pools if {
	every range in ["10.0.0.0/8", "::/1", "128.0.0.0/1"] {
		_problems == set() with policy.config as _one({"node_name": "^n1$", "cidrs": [range]})
	}
	every range in ["0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.1", 7] {
		_problems == {".p.cidrs[1]"} with policy.config as _one({"node_name": "^n1$", "cidrs": ["10.0.0.0/8", range]})
	}
}

test_pools_need_a_node_and_something_to_confirm if {
	_problems == {".p"} with policy.config as _one({"names": ["a"], "cidrs": ["10.0.0.0/8"]})
	_problems == {".p"} with policy.config as _one({"node_name": "^n1$", "labels": {_role("a"): ""}})
	_problems == set() with policy.config as _one({"labels": {_role("a"): ""}, "cidrs": ["10.0.0.0/8"]})
}

_pools_for(expressions) := {$"p{i}": {"node_name": expression, "names": ["a"]} | some i, expression in expressions}

test_expressions_are_counted_once if {
	expressions := [$"^w{n}.$" | some n in numbers.range(1, 64)]
	names := [$"^w-{n}$" | some n in numbers.range(1, 65)]
	_problems == set() with policy.config as _inventory(_pools_for(array.flatten([expressions, expressions, names])))
	_problems == {""} with policy.config as _inventory(_pools_for(array.concat(expressions, ["^x.$"])))
}
