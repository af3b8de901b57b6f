#!/usr/bin/env bash
# Runs the command blocks of deploy/README.md, "A machine of its own", in a fresh Debian and checks what comes of them: a
# running service with TLS, an administrator, a key that works and a backup. Then it upgrades, downgrades, removes and purges
# the package, and runs the block of "Without a package" in another fresh Debian. The .rpm goes through the same with Debian's rpm,
# which knows of no other package there: its dependencies are not resolved.
#   sudo tools/fresh-debian.sh [SUITE]
# Needs root, debootstrap and a Debian mirror. systemd is not PID 1 in a chroot: a stand-in for systemctl
# starts what the unit says, as the user it says, and everything else of it is checked by make deploy-files.
# shellcheck disable=SC2016 # what is in single quotes is expanded by the shell inside
set -euo pipefail
cd "$(dirname "$0")/.."
PATH+=:/usr/sbin:/sbin
suite=${1:-bookworm}
((EUID == 0)) || { echo 'tools/fresh-debian.sh: debootstrap needs root' >&2; exit 1; }
tools/need.sh debootstrap rpm

base=$(mktemp -d)
root=$base/package
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"; }
# shellcheck disable=SC2317 # the trap calls it
finish() {
  for root in "$base"/{package,archive,rpm}; do
    if [[ -s $root/run/codexible.pid ]]; then kill "$(<"$root/run/codexible.pid")" 2>/dev/null || true; fi
  done
  sleep 1
  umount "$base"/{package,archive,rpm}/{proc,dev} 2>/dev/null || true
  rm -rf --one-file-system "$base"
}
trap finish EXIT

arch=$(dpkg --print-architecture)
make build PLATFORMS="linux/$arch" VERSION=v0.0.2 >/dev/null # what is to be shown is this version
for kind in deb archive rpm; do go -C tools/release run . -version v0.0.2 -time "$(git log -1 --format=%ct)" -only $kind; done
go -C tools/release run . -version v0.0.3 -time "$(git log -1 --format=%ct)" -only rpm

began=$SECONDS
echo "== a fresh Debian $suite"
debootstrap --variant=minbase --include=openssl,curl,ca-certificates "$suite" "$root" >"$base/log" 2>&1 || { tail -20 "$base/log"; exit 1; }
cat >"$root/usr/bin/systemctl" <<'END'
#!/bin/bash
# Replaces systemctl, because systemd is not PID 1: starts the unit's program as the unit says.
set -euo pipefail
unit=/etc/systemd/system/codexible.service
[[ -e $unit ]] || unit=/usr/lib/systemd/system/codexible.service
says() { sed -n "s/^$1=//p" "$unit"; }
runs() { [[ -s /run/codexible.pid && -e /proc/$(</run/codexible.pid) ]]; }
stop() {
  runs || return 0
  kill "$(</run/codexible.pid)"
  while runs; do sleep 0.1; done
}
start() {
  install -d -m "$(says StateDirectoryMode)" -o "$(says User)" -g "$(says Group)" "/var/lib/$(says StateDirectory)"
  cd "$(says WorkingDirectory)"
  umask "$(says UMask)"
  for fd in {3..30}; do exec {fd}>&-; done # apt waits for what holds its files open
  # shellcheck disable=SC2046 # ExecStart is a command with its arguments
  setsid setpriv --reuid "$(says User)" --regid "$(says Group)" --clear-groups --no-new-privs --bounding-set=-all \
    $(says ExecStart) >>/var/log/codexible.log 2>&1 </dev/null &
  echo $! >/run/codexible.pid
}
case "$*" in
  'enable --now '* | 'start '*) start ;;
  'restart '*) stop; start ;;
  'try-restart '*) if runs; then stop; start; fi ;;
  'stop '*) stop ;;
  daemon-reload | 'disable '*) ;;
  *) echo "systemctl: $* is not replaced" >&2; exit 1 ;;
esac
END
chmod 0755 "$root/usr/bin/systemctl"
mkdir -p "$root/run/systemd/system" "$root/root/codexible" # the first says that systemd runs
for one in archive rpm; do cp -a "$root" "$base/$one"; done
for one in package archive rpm; do
  chmod 0755 "$base" "$base/$one" # it is the / of those who are not root
  mount --bind /dev "$base/$one/dev"
  mount -t proc proc "$base/$one/proc"
done
echo "   $((SECONDS - began)) s; what follows is a person's part"

# commands writes the command blocks of a section into the Debian, and run runs them there.
commands() { awk -v heading="## $1" '/^## /{ in_section = $0 == heading } in_section && /^```/{ if (in_block) { print ""; in_block = 0 } else in_block = 1; next } in_block && in_section' deploy/README.md >"$root/root/commands"; }
run() {
  (cd / && inside bash -c "set -euo pipefail; cd $1; . /root/commands") >"$root/root/output" 2>&1 || {
    echo 'a command failed:'; cat "$root/root/output"; tail -5 "$root/var/log/codexible.log" || true; exit 1
  }
}
failed=0
check() { # check WHAT COMMAND…
  local what=$1; shift
  if "$@" >"$root/root/check" 2>&1; then echo "ok    $what"; else echo "FAILS $what"; cat "$root/root/check"; failed=1; fi
}
pid() { cat "$root/run/codexible.pid"; }

cp "dist/codexible_0.0.2_$arch.deb" "$root/root/codexible/codexible_0.0.2_amd64.deb"
commands 'A machine of its own'
person=$SECONDS
run /root/codexible
took=$((SECONDS - person))

key=$(grep -oE 'codexible_[0-9a-f]{32}' "$root/root/output" | head -1)
api=(inside curl --silent --show-error --fail --retry 20 --retry-connrefused --retry-delay 1 --cacert /etc/codexible/fullchain.pem --resolve api.example.com:3001:127.0.0.1)
# shellcheck disable=SC2317 # check calls it
key_works() { "${api[@]}" --header "Authorization: Bearer $key" https://api.example.com:3001/api/admin/status; }
check 'TLS with the certificate that was given' "${api[@]}" https://api.example.com:3001/health
check 'ready to serve' "${api[@]}" https://api.example.com:3001/health/ready
check 'the key works, and its owner is an administrator' key_works
check 'the backup has the checksum that is beside it' inside bash -c 'cd /var/lib/codexible && sha256sum --check first.db.sha256'
check 'the backup can be restored' inside bash -c 'cd /tmp && DATA_DIR=/tmp/restored codexible restore /var/lib/codexible/first.db'
check 'the service is not root' inside bash -c '[[ $(stat -c %U /proc/$(</run/codexible.pid)) == codexible ]]'
check 'no secret in the process list' inside bash -c '! tr "\0" " " </proc/$(</run/codexible.pid)/cmdline | grep -E "codexible_[0-9a-f]|://.*@"'
check 'only the group codexible reads the settings' inside bash -c '[[ $(stat -c %U:%G:%a /etc/codexible/codexible.env) == root:codexible:640 ]]'
check 'only the service reads its data' inside bash -c '[[ $(stat -c %U:%a /var/lib/codexible) == codexible:700 ]]'
check 'the version is that of the package' inside bash -c 'cd / && [[ $(codexible version) == "codexible v0.0.2" ]]'
check 'the manual page and the completions are there' inside bash -c 'bash -n /usr/share/bash-completion/completions/codexible'
echo "$(grep -cvE '^(cd|  |[A-Z_]+=|END|$)' "$root/root/commands") commands, run in $took s; with the fresh Debian $((SECONDS - began)) s"
if ((took >= 300)); then echo "FAIL: it took more than five minutes" && failed=1; fi

echo '== an upgrade, a downgrade, a removal and a purge'
# The next version differs from this one by its number and by the settings that come with it.
dpkg-deb --raw-extract "dist/codexible_0.0.2_$arch.deb" "$base/next"
sed -i 's/^Version: .*/Version: 0.0.3/' "$base/next/DEBIAN/control"
echo '# Another setting.' >>"$base/next/etc/codexible/codexible.env"
dpkg-deb --build "$base/next" "$root/root/next.deb" >/dev/null
cp "$root/etc/codexible/codexible.env" "$base/settings"
before=$(pid)
check 'it upgrades' inside apt-get install --yes -o Dpkg::Options::=--force-confold /root/next.deb
check 'the settings are kept' cmp "$base/settings" "$root/etc/codexible/codexible.env"
check 'the service was restarted' test "$(pid)" != "$before"
check 'the key works after the upgrade' key_works
check 'it downgrades, and says what that needs' bash -c "chroot '$root' apt-get install --yes --allow-downgrades -o Dpkg::Options::=--force-confold /root/codexible/codexible_0.0.2_amd64.deb 2>&1 | grep 'is older than 0.0.3'"
check 'the key works after the downgrade' key_works
check 'it is removed' inside apt-get remove --yes codexible
check 'the service is stopped, its program gone' inside bash -c '[[ ! -e /proc/$(</run/codexible.pid) && ! -e /usr/bin/codexible ]]'
check 'data and settings are kept' inside bash -c 'test -s /var/lib/codexible/codexible.db -a -s /etc/codexible/.env'
check 'it is installed again' inside apt-get install --yes /root/codexible/codexible_0.0.2_amd64.deb
inside systemctl enable --now codexible
check 'the key works with the data that was kept' key_works
check 'it is purged' inside apt-get purge --yes codexible
check 'data and settings are gone, the certificate and the user are not' inside bash -c '[[ ! -e /var/lib/codexible && ! -L /etc/codexible/.env && ! -e /etc/codexible/codexible.env && -e /etc/codexible/privkey.pem ]] && id codexible'

echo '== without a package'
root=$base/archive
tar xzf "dist/codexible-0.0.2-linux-$arch.tar.gz" -C "$root/root/codexible"
commands 'Without a package'
run '/root/codexible/codexible-*'
check 'ready to serve' inside curl --silent --show-error --fail --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:3001/health/ready
check 'the service is not root' inside bash -c '[[ $(stat -c %U /proc/$(</run/codexible.pid)) == codexible ]]'

echo '== the .rpm'
root=$base/rpm
case $arch in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) machine=$arch ;; esac
# shellcheck disable=SC2317 # check calls it
rpm_does() { rpm --root "$root" "$@" 2>&1; }
package() { echo "dist/codexible-$1-1.$machine.rpm"; }
check 'it is installed' rpm_does --install --nodeps "$(package 0.0.2)"
check 'its files are as the package says' rpm_does --verify --nodeps codexible
inside systemctl enable --now codexible
ready=(inside curl --silent --show-error --fail --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:3001/health/ready)
check 'ready to serve' "${ready[@]}"
check 'the service is not root' inside bash -c '[[ $(stat -c %U /proc/$(</run/codexible.pid)) == codexible ]]'
echo '# What the operator wrote.' >>"$root/etc/codexible/codexible.env"
cp "$root/etc/codexible/codexible.env" "$base/settings"
before=$(pid)
check 'it upgrades' rpm_does --upgrade --nodeps "$(package 0.0.3)"
check 'the settings are kept' cmp "$base/settings" "$root/etc/codexible/codexible.env"
check 'the service was restarted' test "$(pid)" != "$before"
check 'ready to serve after the upgrade' "${ready[@]}"
check 'it downgrades' rpm_does --upgrade --oldpackage --nodeps "$(package 0.0.2)"
check 'ready to serve after the downgrade' "${ready[@]}"
check 'it is removed' rpm_does --erase --nodeps codexible
check 'the service is stopped, its program gone' inside bash -c '[[ ! -e /proc/$(</run/codexible.pid) && ! -e /usr/bin/codexible ]]'
check 'data and changed settings are kept' inside bash -c 'test -s /var/lib/codexible/codexible.db && grep "What the operator wrote" /etc/codexible/codexible.env*'
exit $failed
