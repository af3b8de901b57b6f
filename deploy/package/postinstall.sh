#!/bin/sh
# After the files are unpacked. The first installation starts nothing, so that the settings can be written first; an upgrade
# restarts the service if it runs, which waits for open requests and streams.
set -eu
root=${DPKG_ROOT:-}

case ${1:-} in
configure | abort-upgrade | abort-remove | 1 | 2) # words from dpkg, numbers from rpm
  [ -d "$root/var/lib/codexible" ] || install -d -m 0700 -o codexible -g codexible "$root/var/lib/codexible"
  # The service and the command line read .env. One that is there, of an installation by hand, stays in force.
  [ -e "$root/etc/codexible/.env" ] || ln -sf codexible.env "$root/etc/codexible/.env"
  if [ -d "$root/run/systemd/system" ]; then
    systemctl daemon-reload
    systemctl try-restart codexible.service || echo 'codexible: it was not restarted; see: journalctl -u codexible' >&2
  fi
  ;;
esac

case ${1:-}:${2:-} in
configure: | 1:) echo 'codexible: edit /etc/codexible/codexible.env, then run: systemctl enable --now codexible' ;;
esac
