#!/usr/bin/env bash
# Goes the way of README, "From the clone to Claude Code", in a fresh Debian with a stopwatch: the commands are those of README,
# the set-up of Claude Code is what the dashboard's page shows in a browser. Fails where the way from the clone to the charge in
# the dashboard takes five minutes or more. What README says to install first has a time of its own.
#   sudo tools/newcomer.sh [SUITE]
# Needs root, debootstrap, a Debian mirror, the Go module proxy, npm, and the ports 3000 and 3001. A person has a browser already:
# Chromium is installed before the stopwatch starts. It runs without its sandbox, which needs namespaces that a chroot has not.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH+=:/usr/sbin:/sbin
suite=${1:-trixie}
((EUID == 0)) || { echo 'tools/newcomer.sh: debootstrap needs root' >&2; exit 1; }
tools/need.sh debootstrap
for port in 3000 3001; do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "tools/newcomer.sh: another program listens on port $port; stop it first" >&2; exit 1; fi
done

base=$(mktemp -d)
root=$base/debian
slow=0
# shellcheck disable=SC2317 # the trap calls it
finish() {
  local status=$? process
  for process in /proc/[0-9]*; do
    if [[ $(readlink "$process/root") == "$root" ]]; then kill "${process#/proc/}" 2>/dev/null || true; fi
  done
  sleep 2
  if ((status && !slow)); then tail -n 30 "$base/log" "$root/home/newcomer/"*.log 2>/dev/null || true; fi
  umount "$root/proc" "$root/dev" 2>/dev/null || true
  rm -rf --one-file-system "$base"
  exit "$status"
}
trap finish EXIT

settings=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8)
# How this machine reaches the registries.
settings+=(NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "GOPROXY=$(go env GOPROXY)" "GOSUMDB=$(go env GOSUMDB)" "npm_config_registry=$(npm config get registry)")
as_root() { chroot "$root" /usr/bin/env -i "${settings[@]}" HOME=/root "$@"; }
as_newcomer() { chroot --userspec=newcomer:newcomer "$root" /usr/bin/env -i "${settings[@]}" HOME=/home/newcomer bash -c 'cd && "$@"' - "$@"; }

echo "== a fresh Debian $suite with a browser"
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >"$base/log" 2>&1
chmod 0755 "$base"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/"
as_root apt-get install --yes --no-install-recommends chromium >>"$base/log" 2>&1
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
as_root useradd --create-home --shell /bin/bash newcomer
git clone --quiet --bare . "$root/srv/codexible.git"

# block N writes the Nth block of commands of README's section to a file of the newcomer.
block() {
  awk -v wanted="$1" '/^## /{ inside = $0 == "## From the clone to Claude Code" } !inside { next } /^    /{ if (!block) n++; block = 1; if (n == wanted) print substr($0, 5); next } { block = 0 }' README.md |
    sed 's|ADDRESS|/srv/codexible.git|' >"$root/home/newcomer/$2"
  [[ -s $root/home/newcomer/$2 ]] || { echo "tools/newcomer.sh: README has no block $1 in the section" >&2; exit 1; }
}
block 1 install
block 2 start
block 3 agent
block 4 ask
grep '^export ' "$root/home/newcomer/agent" >"$root/home/newcomer/agent-path"
cp tools/newcomer/journey.mjs "$root/home/newcomer/"

total=0
# step WHAT SECONDS: prints a line, and adds to the total.
step() { printf '%6d s  %s\n' "$2" "$1"; total=$((total + $2)); }

began=$SECONDS
as_root bash -e /home/newcomer/install >"$base/log" 2>&1
printf '%6d s  %s\n' $((SECONDS - began)) 'what README says to install first'

began=$SECONDS
as_newcomer git config --global safe.directory /srv/codexible.git # it belongs to root, as that of a server does to another
as_newcomer bash -ec "$(sed '$d' "$root/home/newcomer/start")" >"$root/home/newcomer/clone.log" 2>&1
step 'git clone' $((SECONDS - began))

began=$SECONDS
as_newcomer bash -ec "cd codexible && $(tail -1 "$root/home/newcomer/start")" >"$root/home/newcomer/start.log" 2>&1 &
service=$!
until curl --silent --fail --output /dev/null http://localhost:3000/health && curl --silent --fail --output /dev/null http://localhost:3001/health/ready; do
  kill -0 "$service" 2>/dev/null || { echo 'the service ended' >&2; exit 1; }
  sleep 0.5
done
step "$(tail -1 "$root/home/newcomer/start"): built, installed, ready" $((SECONDS - began))

began=$SECONDS
as_newcomer node journey.mjs set-up >"$root/home/newcomer/journey.log" 2>&1
step 'in the browser: sign in, make a key, copy the set-up of Claude Code' $((SECONDS - began))

began=$SECONDS
as_newcomer bash -e agent >"$root/home/newcomer/agent.log" 2>&1
step 'install Claude Code' $((SECONDS - began))

began=$SECONDS
as_newcomer bash -ec '. ./agent-path; . ./set-up; . ./ask' >"$root/home/newcomer/answer.log" 2>&1 </dev/null
[[ -s $root/home/newcomer/answer.log ]]
step "Claude Code answers: $(head -c 70 "$root/home/newcomer/answer.log" | tr '\n' ' ')" $((SECONDS - began))

began=$SECONDS
as_newcomer node journey.mjs charge >>"$root/home/newcomer/journey.log" 2>&1
step "the dashboard shows: $(tail -1 "$root/home/newcomer/journey.log")" $((SECONDS - began))

printf '%6d s  %s\n' "$total" 'from the clone to the charge'
if ((total >= 300)); then echo 'FAIL: it took five minutes or more' >&2; slow=1; exit 1; fi
