#!/bin/sh
# Before the files are removed, or replaced by those of another version.
set -eu
root=${DPKG_ROOT:-}

case ${1:-} in
remove | 0) # words from dpkg, numbers from rpm
  if [ -d "$root/run/systemd/system" ]; then
    systemctl stop codexible.service
    systemctl disable codexible.service || true
  fi
  ;;
upgrade)
  installed=$(dpkg-query --show --showformat='${Version}' codexible)
  if dpkg --compare-versions "${2:-$installed}" lt "$installed"; then
    echo "codexible: $2 is older than $installed. If its migrations differ it does not start until those of $installed are rolled" >&2
    echo 'back with its own program: /usr/share/doc/codexible/deploy/README.md, "Upgrading and rolling back".' >&2
  fi
  ;;
esac
