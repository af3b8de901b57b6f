#!/usr/bin/env bash
# Runs one of the dashboard's vitest scripts, says how many tests there were and fails when one was skipped.
#   tools/vitest.sh test
set -euo pipefail
cd "$(dirname "$0")/../dashboard"

results=$(mktemp)
trap 'rm -f "$results"' EXIT
status=0
npm run --silent "$1" -- --reporter=default --reporter=json --outputFile.json="$results" || status=$?
# shellcheck disable=SC2016 # JavaScript's own templates
node -e '
  const r = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
  const skipped = r.numPendingTests + r.numTodoTests;
  // A file that does not even load is a failure without a test in it.
  const failed = r.numFailedTests + r.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
  console.log(`dashboard ${process.argv[2]}: ${r.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed + skipped > 0 || r.numPassedTests === 0 ? 1 : 0);
' "$results" "$1" || status=1
exit "$status"
