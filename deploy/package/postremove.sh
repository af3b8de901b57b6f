#!/bin/sh
# After the files are removed. Data and settings stay; only dpkg's purge deletes them. The user stays, because files
# elsewhere may be its own.
set -eu
root=${DPKG_ROOT:-}

case ${1:-} in
purge)
  rm -rf "$root/var/lib/codexible"
  echo 'codexible: deleted /var/lib/codexible with the embedded database, its key and the backups there' >&2
  ;;
esac

case ${1:-} in
purge | remove | 0) # words from dpkg, numbers from rpm
  [ -e "$root/etc/codexible/.env" ] || rm -f "$root/etc/codexible/.env" # a link whose file is deleted
  if [ -d "$root/etc/codexible" ]; then rmdir --ignore-fail-on-non-empty "$root/etc/codexible"; fi
  if [ -d "$root/run/systemd/system" ]; then systemctl daemon-reload; fi
  ;;
esac
