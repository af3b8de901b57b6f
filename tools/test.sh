#!/usr/bin/env bash
# Runs every check and test, also after one of them failed, and ends with the counts. A target that
# counts its tests itself says "…: N passed, N failed, N skipped"; any other is one test.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=(format vet generated lint scripts deploy-files audit test-go)
if [[ -e dashboard/package.json ]]; then targets+=(test-dashboard); fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0 failures=() times=()
for target in "${targets[@]}"; do
  echo "== make $target"
  began=$SECONDS status=0
  make "$target" 2>&1 | tee "$log" || status=$?
  times+=("$target $((SECONDS - began)) s")
  counts=$(sed -nE 's/^.*: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$log")
  while read -r p f s; do
    ((passed += p, failed += f, skipped += s)) || true
  done <<<"${counts:-$((status == 0)) $((status != 0)) 0}"
  if ((status)); then failures+=("$target"); fi
done

printf '\ntimes: '
printf '%s, ' "${times[@]}"
echo "together $SECONDS s"
if ((${#failures[@]})); then echo "failed: ${failures[*]} (each is a make target of its own)"; fi
echo "$passed passed, $failed failed, $skipped skipped"
((${#failures[@]} == 0))
