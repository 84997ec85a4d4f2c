#!/usr/bin/env bash
# All that must hold before this policy may be used: run it on your machine, and in continuous integration.
#
# Every step also fails when it found nothing to test: opa, conftest and regal would exit 0.
# No step reaches out to a network. The bundle is left in build/policy.tar.gz if all holds; else there is none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
package=acme.kubelet_serving

# What an earlier run left must not be taken for what this one finds good.
rm -f build/policy.tar.gz
scratch=$(mktemp -d)
bundle=$scratch/policy.tar.gz
current=''
trap 'rm -rf "$scratch"' EXIT
trap 'printf "ci.sh: failed: %s\n" "$current" >&2' ERR
step() { current=$1; printf '== %s\n' "$1"; }
fail() { printf 'ci.sh: %s\n' "$*" >&2; exit 1; }

step 'the tools are there'
for tool in opa conftest regal rego-csr-approver sha256sum; do
  command -v "$tool" >/dev/null || fail "$tool is missing: install it, and see that it is on PATH"
done

step 'the vendored files are as rego-csr-approver shipped them'
sha256sum --check --quiet vendored.sha256 || fail 'change nothing in policy/csr but data.yaml: rules of your own go beside it'
vendored=$(awk '$2 ~ /\.rego$/ { print $2 }' vendored.sha256 | LC_ALL=C sort)
[[ $(find policy/csr -name '*.rego' | LC_ALL=C sort) == "$vendored" ]] || fail 'policy/csr holds rules that are not vendored: move them beside it'

own=()
for folder in policy/*/; do [[ $folder == policy/csr/ ]] || own+=("$folder"); done
((${#own[@]} > 0)) || fail 'nothing was tested: beside policy/csr there is no folder with rules or tests'

step 'opa fmt'
opa fmt --fail --diff "${own[@]}" || fail 'not formatted: run opa fmt --write on the files above'

step 'opa check: types against the schema, and what WebAssembly has'
opa check --strict --schema schemas/input.json --capabilities capabilities.json policy ||
  fail 'opa check finds errors: the functions are those of capabilities.json, which are all that WebAssembly has; for messages use $"...{x}..."'

step 'regal lint'
regal lint policy

step 'knobs: the policy finds nothing wrong with its data'
# Before the tests, which would fail too, and say less. Those of every vendored package, whichever are in use.
opa eval --bundle policy --ignore '*_test.rego' --format pretty \
  "data.$package.config_errors | {problem | some problem in data.csr[_].config_errors}" >"$scratch/knobs" ||
  { cat "$scratch/knobs" >&2; fail 'the data cannot be read'; }
[[ $(<"$scratch/knobs") != undefined ]] || fail "$package has no rules, or none is called config_errors"
[[ $(<"$scratch/knobs") == '[]' ]] || { cat "$scratch/knobs" >&2; fail 'mend these knobs, in a data.yaml'; }

step 'opa test'
opa test --format json policy >"$scratch/tests.json" || { opa test policy || true; fail 'a test fails'; }
# Two expressions: of a single one, opa takes false for an answer.
opa eval --format raw --fail --input "$scratch/tests.json" 'is_array(input); count(input) > 0' >/dev/null 2>&1 ||
  fail 'nothing was tested: there are no tests in policy'
opa test --coverage --format json policy >"$scratch/coverage.json"
# Of your own files: the vendored ones have their tests where they come from.
opa eval --format pretty --input "$scratch/coverage.json" \
  '[$"{path} {object.get(file, "coverage", 0)} %" | some path, file in input.files; not startswith(path, "policy/csr/"); object.get(file, "coverage", 0) != 100]' \
  >"$scratch/uncovered"
[[ $(<"$scratch/uncovered") == '[]' ]] || { cat "$scratch/uncovered" >&2; fail 'opa test does not cover every line of these'; }

step 'opa build'
opa build --bundle policy --target wasm --ignore '*_test.rego' --capabilities capabilities.json --output "$bundle"

# What conftest says of each capture. One whose namespace or data is wrong is neither allowed nor refused: no rule ran.
judge() { # judge FOLDER QUERY: whether QUERY holds of every result
  local folder=captures/$1 query=$2
  local files=("$folder"/*.json)
  [[ -e ${files[0]} ]] || fail "nothing was tested: there are no captures in $folder"
  conftest test --policy policy --data policy --namespace "$package" --output json "${files[@]}" \
    >"$scratch/$1.json" 2>"$scratch/$1.log" || true
  opa eval --format raw --fail --input "$scratch/$1.json" \
    "count(input) == ${#files[@]}; every result in input { result.namespace == \"$package\"; failures := object.get(result, \"failures\", []); $query }" \
    >/dev/null 2>&1 || { cat "$scratch/$1.log" "$scratch/$1.json" >&2; return 1; }
}

step 'conftest: every capture in captures/approve is allowed'
judge approve 'count(failures) == 0; result.successes > 0' || fail "a capture in captures/approve is not allowed, or $package has no rules"

step 'conftest: every capture in captures/refuse is refused, with a code'
judge refuse 'some failure in failures; failure.metadata.code != "NotAllowed"' || fail 'a capture in captures/refuse is not refused, or nothing says why'

# What the program says of each capture, with the floor, of which conftest knows nothing. An error is no refusal.
decide() { # decide FOLDER VERDICTS: whether the verdict of each is one of VERDICTS, an expression
  local folder=captures/$1 verdicts=$2 verdict count=0 wrong=0
  local files=("$folder"/*.json)
  rego-csr-approver review --config config.yaml --bundle "$bundle" "${files[@]/#/--input=}" \
    >"$scratch/$1.review" 2>"$scratch/$1.log" || true
  while read -r verdict; do
    [[ $verdict =~ ^($verdicts)$ ]] || { wrong=1; printf '%s: %s\n' "${files[count]:-$folder}" "$verdict" >&2; }
    count=$((count + 1))
  done < <(sed -n 's/^  verdict: //p' "$scratch/$1.review")
  ((wrong == 0 && count == ${#files[@]})) || { cat "$scratch/$1.log" "$scratch/$1.review" >&2; return 1; }
}

step 'rego-csr-approver review: the program approves every capture in captures/approve'
decide approve 'approve' || fail 'the program does not approve a capture in captures/approve'

step 'rego-csr-approver review: the program refuses every capture in captures/refuse'
decide refuse 'deny|wait|abstain|ignore' || fail 'the program does not refuse a capture in captures/refuse'

step 'rego-csr-approver verify: the bundle loads, and each case gets its verdict, with the floor'
rego-csr-approver verify cases --config config.yaml --bundle "$bundle"

mkdir -p build
mv "$bundle" build/policy.tar.gz
printf 'build/policy.tar.gz is good\n'
