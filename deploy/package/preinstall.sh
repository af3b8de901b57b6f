#!/bin/sh
# Before the files are unpacked: creates the user that owns them and that the service runs as.
set -eu

case ${1:-} in
install | upgrade | 1 | 2) # words from dpkg, numbers from rpm
  getent group codexible >/dev/null || groupadd --system codexible
  getent passwd codexible >/dev/null ||
    useradd --system --gid codexible --home-dir /var/lib/codexible --no-create-home --shell /usr/sbin/nologin codexible
  ;;
esac
