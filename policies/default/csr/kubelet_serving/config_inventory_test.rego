package csr.kubelet_serving_test

import data.csr.kubelet_serving as policy

_problems(inventory) := paths if {
	paths := {trim_prefix(error.path, "csr.kubelet_serving.config.inventory") | some error in policy.config_errors} with policy.config as turned({"inventory": inventory})
}

_of_names(count_of_names, letter) := concat("", [letter | some _ in numbers.range(1, count_of_names)])

test_names_of_pools if {
	pool := {"node_name": "^n1$", "names": ["{node}"]}
	every name in ["a", "A", "0", "a-b", "a_b.C", _of_names(63, "x")] {
		_problems({name: pool}) == set()
	}
	every name in ["", "a-", "-a", ".a", "a b", "a\n", _of_names(64, "x")] {
		count(_problems({name: pool})) == 1
	}
}

test_expressions_for_nodes if {
	every expression in [
		"^n1$", `^n1\.example\.com$`, "^worker-[0-9]+$", `^n\d{1,3}$`, "^n[a-z]{2}$", "^n[0-9]{100,}$", "^na*b?$", "^n.$",
		"^(a|b)$", "^(?:a|b)-1$", "^(a|(?:b[0-9]+|c){2})+x$", `^a[\d\-.]$`, `^a\-b$`, $"^{_of_names(254, "n")}$",
	] {
		_problems({"p": {"node_name": expression, "names": ["{node}"]}}) == set()
	}
	every expression in [
		"", "n1", "^n1", "n1$", "^$", "^a|b$", "^(a|b$", "^a)(b$", "^[$", "^[]$", "^[^a]$", `^\w$`, `^a\b$`, "^N1$", "^n_1$",
		"^(?i)n$", "^(?i:n)$", "^n1\n$", "^n1$\n", "^n$1$", "^n^1$", "^n{1000}$", "^n{2000}$", "^n{,2}$", "^n{2,1}$", "^n+*$",
		"^*$", "^(((a)))$", $"^{_of_names(255, "n")}$", "x^n1$",
	] {
		_problems({"p": {"node_name": expression, "names": ["{node}"]}}) == {".p.node_name"}
	}
}

test_expressions_for_all_nodes if {
	every expression in [
		"^.*$", "^.+$", "^[-a-z0-9]+$", "^[-a-z0-9]{1,63}$", "^[a-z0-9.-]+$", "^[a-z0-9-]+(-[a-z0-9]+)+$",
		`^[-a-z0-9]+\.[-a-z0-9.]+$`, "^(n1|.*)$", "^[a-z0-9].*$", "^..*..$", "^.*[a-z]$",
	] {
		_problems({"p": {"node_name": expression, "names": ["{node}"]}}) == {".p.node_name"}
	}
	every expression in [
		"^[a-z].*$", "^[0-9].*$", "^.*[0-9]$", "^.*e.*$", "^[-a-z]+$", "^[a-z0-9]+$",
		"^(improbable.*|8.*|m.*)$", "^(q.*|8.*|m.*)$",
	] {
		_problems({"p": {"node_name": expression, "names": ["{node}"]}}) == set()
	}
}

test_labels_of_nodes if {
	every key in ["node-role.kubernetes.io/worker", "node-restriction.kubernetes.io/a", "node-role.kubernetes.io/a_B.c-0"] {
		every value in ["", "a", "A-b_c.0", _of_names(63, "x")] {
			_problems({"p": {"labels": {key: value}, "names": ["{node}"]}}) == set()
		}
		every value in ["-", "a-", ".a", "a b", "a\n", _of_names(64, "x"), 1, true, null] {
			_problems({"p": {"labels": {key: value}, "names": ["{node}"]}}) == {$".p.labels.{key}"}
		}
	}
	every key in [
		"node-role.kubernetes.io/", "node-role.kubernetes.io/-a", "node-role.kubernetes.io/a-", "node-role.kubernetes.io/a\n",
		"node-rolexkubernetes.io/a", "node-role.kubernetesxio/a", "xnode-role.kubernetes.io/a", "kubernetes.io/a",
		$"node-role.kubernetes.io/{_of_names(64, "x")}",
	] {
		some path in _problems({"p": {"labels": {key: "a"}, "names": ["{node}"]}})
		startswith(path, ".p.labels.")
	}
	count(_problems({"p": {"labels": {$"node-role.kubernetes.io/{_of_names(63, "x")}": ""}, "names": ["{node}"]}})) == 0
	_problems({"p": {"labels": "worker", "names": ["{node}"]}}) == {".p.labels"}
}

test_names_in_pools if {
	every name in ["a", "0", "{node}.a", "*.a", "a-*.b", "{host}-{node}.a.b", "{node}", "{host}", _of_names(253, "a")] {
		_problems({"p": {"node_name": "^n1$", "names": ["a", name]}}) == set()
	}
	every name in [
		"", "*", "*.*", "-", "A", "a.", ".a", "a..b", "a_b", "{name}", "{node", "a\n", "xa\nb", _of_names(254, "a"), 7,
	] {
		_problems({"p": {"node_name": "^n1$", "names": ["a", name]}}) == {".p.names[1]"}
	}
	_problems({"p": {"node_name": "^n1$", "names": "a"}}) == {".p.names"}
}

test_ranges_of_pools if {
	_problems({"p": {"node_name": "^n1$", "cidrs": ["10.0.0.0/8", "::/1", "128.0.0.0/1"]}}) == set()
	every range in ["0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.1", 7] {
		_problems({"p": {"node_name": "^n1$", "cidrs": ["10.0.0.0/8", range]}}) == {".p.cidrs[1]"}
	}
}

test_pools_need_a_node_and_something_to_confirm if {
	_problems({"p": {"names": ["a"], "cidrs": ["10.0.0.0/8"]}}) == {".p"}
	_problems({"p": {"node_name": "^n1$", "labels": {"node-role.kubernetes.io/a": ""}}}) == {".p"}
	_problems({"p": {"labels": {"node-role.kubernetes.io/a": ""}, "cidrs": ["10.0.0.0/8"]}}) == set()
}

_pools_for(expressions) := {$"p{i}": {"node_name": expression, "names": ["a"]} | some i, expression in expressions}

test_expressions_are_counted_once if {
	expressions := [$"^w{n}.$" | some n in numbers.range(1, 64)]
	names := [$"^w-{n}$" | some n in numbers.range(1, 65)]
	_problems(_pools_for(array.flatten([expressions, expressions, names]))) == set()
	_problems(_pools_for(array.concat(expressions, ["^x.$"]))) == {""}
}
