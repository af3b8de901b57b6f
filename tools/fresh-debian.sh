#!/usr/bin/env bash
# Runs the command blocks of deploy/README.md, "A machine of its own", in a fresh Debian and checks what
# comes of them: a running service with TLS, an administrator, a key that works and a backup.
#   sudo tools/fresh-debian.sh [SUITE]
# Needs root, debootstrap and a Debian mirror. systemd is not PID 1 in a chroot: a stand-in for systemctl
# starts what the unit says, as the user it says, and everything else of it is checked by make deploy-files.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH+=:/usr/sbin:/sbin
suite=${1:-bookworm}
((EUID == 0)) || { echo 'tools/fresh-debian.sh: debootstrap needs root' >&2; exit 1; }
tools/need.sh debootstrap

root=$(mktemp -d)
chmod 0755 "$root" # it is the / of those who are not root
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root "$@"; }
# shellcheck disable=SC2317 # the trap calls it
finish() {
  if [[ -s $root/run/codexible.pid ]]; then kill "$(<"$root/run/codexible.pid")" 2>/dev/null || true; fi
  sleep 1
  umount "$root/proc" "$root/dev" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap finish EXIT

platform=linux/$(dpkg --print-architecture)
binary=codexible-${platform/\//-}
make build PLATFORMS="$platform" >/dev/null # what is to be shown is this version

began=$SECONDS
echo "== a fresh Debian $suite"
debootstrap --variant=minbase --include=openssl,curl "$suite" "$root" >"$root.log" 2>&1 || { tail -20 "$root.log"; exit 1; }
rm -f "$root.log"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
echo "   $((SECONDS - began)) s; what follows is a person's part"

cat >"$root/usr/local/bin/systemctl" <<'END'
#!/bin/bash
# Replaces systemctl, because systemd is not PID 1: starts the unit's program as the unit says.
set -euo pipefail
unit=/etc/systemd/system/codexible.service
says() { sed -n "s/^$1=//p" "$unit"; }
stop() {
  [[ -s /run/codexible.pid ]] || return 0
  kill "$(</run/codexible.pid)"
  while [[ -e /proc/$(</run/codexible.pid) ]]; do sleep 0.1; done
}
start() {
  install -d -m "$(says StateDirectoryMode)" -o "$(says User)" -g "$(says Group)" "/var/lib/$(says StateDirectory)"
  cd "$(says WorkingDirectory)"
  umask "$(says UMask)"
  # shellcheck disable=SC2046 # ExecStart is a command with its arguments
  setpriv --reuid "$(says User)" --regid "$(says Group)" --clear-groups --no-new-privs --bounding-set=-all \
    $(says ExecStart) >>/var/log/codexible.log 2>&1 </dev/null &
  echo $! >/run/codexible.pid
}
case $1 in
  enable | start) start ;;
  restart) stop; start ;;
  stop) stop ;;
esac
END
chmod 0755 "$root/usr/local/bin/systemctl"

install -d "$root/root/codexible/deploy"
cp "dist/$binary" "$root/root/codexible/codexible-linux-amd64"
cp deploy/codexible.* "$root/root/codexible/deploy/"
section() { awk '/^## /{ in_section = /^## A machine of its own/ } in_section && /^```/{ if (in_block) { print ""; in_block = 0 } else in_block = 1; next } in_block && in_section' deploy/README.md; }
section >"$root/root/commands"
commands=$(grep -cvE '^(cd|  |[A-Z_]+=|END|$)' "$root/root/commands")

person=$SECONDS
if ! (cd / && inside bash -c 'set -euo pipefail; cd /root/codexible; . /root/commands') >"$root/root/output" 2>&1; then
  echo 'a command failed:'; cat "$root/root/output"; tail -5 "$root/var/log/codexible.log" || true; exit 1
fi
took=$((SECONDS - person))

failed=0
check() { # check WHAT COMMAND…
  local what=$1; shift
  if "$@" >"$root/root/check" 2>&1; then echo "ok    $what"; else echo "FAILS $what"; cat "$root/root/check"; failed=1; fi
}
key=$(grep -oE 'codexible_[0-9a-f]{32}' "$root/root/output" | head -1)
api=(inside curl --silent --show-error --fail --retry 20 --retry-connrefused --retry-delay 1 --cacert /etc/codexible/fullchain.pem --resolve api.example.com:3001:127.0.0.1)
check 'TLS with the certificate that was given' "${api[@]}" https://api.example.com:3001/health
check 'ready to serve' "${api[@]}" https://api.example.com:3001/health/ready
check 'the key works, and its owner is an administrator' "${api[@]}" --header "Authorization: Bearer $key" https://api.example.com:3001/api/admin/status
check 'the backup has the checksum that is beside it' inside bash -c 'cd /var/lib/codexible && sha256sum --check first.db.sha256'
check 'the backup can be restored' inside bash -c 'cd /tmp && DATA_DIR=/tmp/restored codexible restore /var/lib/codexible/first.db'
# shellcheck disable=SC2016 # the shell inside expands it
check 'the service is not root' inside bash -c '[[ $(stat -c %U /proc/$(</run/codexible.pid)) == codexible ]]'
# shellcheck disable=SC2016 # the shell inside expands it
check 'no secret in the process list' inside bash -c '! tr "\0" " " </proc/$(</run/codexible.pid)/cmdline | grep -E "codexible_[0-9a-f]|://.*@"'
echo "$commands commands, run in $took s; with the fresh Debian $((SECONDS - began)) s"
if ((took >= 300)); then echo "FAIL: it took more than five minutes" && failed=1; fi
exit $failed
