import { join } from 'node:path';
import { opaBundle } from './opa-bundle.ts';

/** The signer that the policy serves. */
export const hostileSigner = 'kubernetes.io/kubelet-serving';

/**
 * Allows what the floor lets through. A request for one of these names has it do something else, each in the place where
 * a decision is made: what a careless or a malicious author could write, and what stock opa builds.
 */
const rego = `package hostile

# METADATA
# entrypoint: true
# custom:
#   signer_name: ${hostileSigner}
decision := {"allow": allow, "deny": set(), "wait": wait, "warn": set(), "config_errors": set()} if {
	not asked("undefined")
	not asked("shape")
}

decision := {"allow": "yes"} if asked("shape")

default allow := false

allow if count({"loop", "split", "hog", "abort", "deep", "long", "many", "half", "odd", "pad"} & {name | some name in input.sans.dns}) == 0

asked(name) if name in input.sans.dns

# In WebAssembly, without ever taking memory.
allow if {
	asked("loop")
	some a in texts
	some b in texts
	some c in texts
	a == b
	b == c
	c == "never"
}

texts := [$"{i}" | some i in numbers.range(1, 5000)]

# In the host: the SDK's regex.split is JavaScript's, which tries every way to cut the text.
allow if {
	asked("split")
	count(regex.split("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")) == 0
}

allow if {
	asked("hog")
	some i in numbers.range(1, 20000)
	some j in numbers.range(1, 20000)
	i * j == -1
}

# The SDK's sprintf knows no %q, and throws.
allow if {
	asked("abort")
	sprintf("%q", ["x"]) == "x"
}

# In the host: half of a gigabyte in one piece.
allow if {
	asked("pad")
	sprintf("%400000000d", [1]) == "x"
}

# Parsed by recursion.
allow if {
	asked("deep")
	json.unmarshal(repeated("[", 50000)) == []
}

repeated(text, times) := concat("", [text | some _ in numbers.range(1, times)])

wait contains {"code": "Long", "msg": repeated(repeated("x", 1000), 3000)} if asked("long")

wait contains {"code": "Many", "msg": $"reason {i} {filler}"} if {
	asked("many")
	some i in numbers.range(1, 3000)
}

filler := repeated("x", 100)

# Half of a character.
allow if {
	asked("half")
	json.unmarshal(concat("", ["\\"", "\\\\", "ud800\\""])) == "x"
}

# Names that mean something to JavaScript, and what would be lines of their own in a log.
wait contains reason if {
	asked("odd")
	reason := {
		"code": "Odd",
		"msg": "one\\n{\\"level\\":\\"error\\"}\\u001b[31m",
		"__proto__": {"code": "Polluted", "polluted": true},
		"constructor": {"prototype": {"polluted": true}},
		"toString": "none",
	}
	print("printed by the policy", reason)
	yaml.unmarshal("? [a]\\n: 1")
}
`;

/** Has the real opa build that policy in a folder. */
export function hostileBundle(folder: string): Promise<string> {
  return opaBundle(join(folder, 'hostile'), {
    '.manifest': '{"roots": ["hostile"]}',
    'hostile/hostile.rego': rego,
  });
}
