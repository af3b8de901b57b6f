#!/usr/bin/env bash
# Runs each fuzz target of the module, one after the other, for the time given.
#   tools/fuzz.sh 60s
set -euo pipefail
cd "$(dirname "$0")/.."

targets=$(go test -list '^Fuzz' ./... | awk '/^Fuzz/ { names = names " " $1 } /^ok/ { split(names, n, " "); for (i in n) print $2, n[i]; names = "" }')
while read -r package target; do
  echo "== $package $target for $1"
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$package"
done <<<"${targets:?no fuzz target was found}"
