#!/usr/bin/env bash
# Checks for known vulnerabilities in what the service calls (govulncheck) and in what the dashboard
# ships (npm audit). Their databases are on the network: if one cannot be reached, the check says so
# and passes; a finding, and any other error, fails.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
# audit WHAT UNREACHABLE COMMAND…: UNREACHABLE matches the output when the database cannot be reached
audit() {
  local what=$1 unreachable=$2 status=0 findings
  shift 2
  findings=$("$@" 2>&1) || status=$?
  if ((status)) && grep -q "$unreachable" <<<"$findings"; then
    echo "note: $what checked nothing: its database cannot be reached from here"
    return
  fi
  echo "$findings"
  ((!status)) || failed=1
}

audit govulncheck '^govulncheck: fetching vulnerabilities:' go tool -modfile=tools/lint/go.mod govulncheck ./...
if command -v npm >/dev/null; then
  audit 'npm audit' 'audit endpoint returned an error' npm --prefix dashboard audit --omit=dev --audit-level=high
else
  echo 'note: the dashboard was not checked: npm is not installed'
fi
exit "$failed"
