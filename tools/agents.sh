#!/usr/bin/env bash
# Runs the tests of coding agents and SDKs. They are installed from npm into the user's cache, and those for Go from the module
# proxy, in the versions that tools/agents pins, and run in a network namespace that has nothing but a loopback interface.
#   tools/agents.sh [-run PATTERN]
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/codexible/agents
if ! cmp -s tools/agents/package-lock.json "$cache/package-lock.json" || [[ ! -e $cache/node_modules/.package-lock.json ]]; then
  command -v npm >/dev/null || { echo 'tools/agents.sh: the agents need Node.js 20.19 or later, with npm, on the PATH' >&2; exit 1; }
  mkdir -p "$cache"
  cp tools/agents/package.json tools/agents/package-lock.json "$cache/"
  npm --prefix "$cache" ci --ignore-scripts --no-audit --no-fund
fi

mkdir -p .build
go test -c -tags agents -o .build/agents.test ./drills
CGO_ENABLED=0 go build -o .build/codexible .
go -C tools/agents mod download
# What an agent leaves running ends with the namespace of processes.
namespace=(unshare --net --pid --fork --kill-child --mount-proc)
if ((EUID)); then namespace+=(--map-root-user); fi
cd drills
# shellcheck disable=SC2016 # for the inner shell
CODEXIBLE_AGENTS=$cache PATH=$PATH:/usr/sbin:/sbin "${namespace[@]}" bash -c 'ip link set lo up && exec "$@"' - \
  ../.build/agents.test -test.count=1 -test.v -test.timeout=30m -test.run "${2:-Agents}"
