#!/usr/bin/env bash
# What continuous integration runs for a policy: examples/ci.sh BUNDLE PACKAGE DOCUMENT…
# In the folder that holds the bundle, .regal, capabilities.json and schemas/.
#
# conftest exits 0 when it tested nothing: because the namespace is wrong, say, or there are no documents. The last
# line is for that.
set -euo pipefail
bundle=$1 package=$2
shift 2
results=$(mktemp)
trap 'rm -f "$results"' EXIT

opa fmt --fail --list "$bundle"
opa check --strict --schema schemas/input.json --capabilities capabilities.json "$bundle"
regal lint "$bundle"
opa test --coverage --threshold 100 --format json "$bundle" >"$results" || { opa test "$bundle"; cat "$results"; exit 1; }
conftest test --policy "$bundle" --data "$bundle" --namespace "$package" --output json "$@" >"$results" ||
  { conftest test --policy "$bundle" --data "$bundle" --namespace "$package" "$@"; exit 1; }
opa eval --format raw --fail --input "$results" \
  'count(input) > 0; every result in input { result.successes + count(object.get(result, "failures", [])) > 0 }' >/dev/null ||
  { echo "nothing was tested: is $package the package, and are there documents?" >&2; exit 1; }
