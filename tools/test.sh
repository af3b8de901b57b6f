#!/usr/bin/env bash
# Runs every check and test, also after one of them failed, and ends with the counts. A target that
# counts its tests itself says "…: N passed, N failed, N skipped"; any other is one test, and none when
# all it has is a "note: " that it could not check.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=(format vet generated lint scripts deploy-files audit test-go)
if [[ -e dashboard/package.json ]]; then targets+=(test-dashboard); fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0 failures=() times=() notes=()
for target in "${targets[@]}"; do
  echo "== make $target"
  began=$SECONDS status=0
  make "$target" 2>&1 | tee "$log" || status=$?
  times+=("$target $((SECONDS - began)) s")
  read -r p f s < <(sed -nE 's/^.*: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$log" |
    awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
  if note=$(grep '^note: ' "$log"); then notes+=("$note"); elif ((p + f + s == 0 && status == 0)); then p=1; fi
  if ((f + s == 0 && status != 0)); then f=1; fi # it failed beside its tests
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  if ((status)); then failures+=("$target"); fi
done

printf '\ntimes: '
printf '%s, ' "${times[@]}"
echo "together $SECONDS s"
if ((${#notes[@]})); then printf '%s\n' "${notes[@]}"; fi
if ((${#failures[@]})); then echo "failed: ${failures[*]} (each is a make target of its own)"; fi
echo "$passed passed, $failed failed, $skipped skipped"
((${#failures[@]} == 0))
