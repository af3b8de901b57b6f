#!/usr/bin/env bash
# Has systemd, Caddy and nginx check the samples in deploy/ without starting any of them.
set -euo pipefail
cd "$(dirname "$0")/../deploy"
PATH+=:/usr/sbin:/sbin

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# A root directory of its own, with the program and the units that our unit names.
mkdir -p "$root"/{usr/local/bin,usr/lib/systemd,etc/systemd/system,nginx}
cp -a "$(dirname "$(readlink -f /lib/systemd/system/basic.target)")" "$root/usr/lib/systemd/system"
install -m 0755 /bin/true "$root/usr/local/bin/codexible"
cp codexible.service "$root/etc/systemd/system/"
# Nothing but silence is right: a misspelt setting is a warning and exit code 0.
complaints=$(systemd-analyze verify --root="$root" --man=no codexible.service 2>&1 | grep -F codexible || true)
if [[ $complaints ]]; then echo "$complaints" && exit 1; fi
systemd-analyze security --offline=true --root="$root" --threshold=15 --no-pager codexible.service | tail -1

# The metrics are on a listener that no proxy leads to, and one place says Strict-Transport-Security.
holds() { grep -Eq "$2" "$1" || { echo "$1 lacks $2" && exit 1; }; }
holds codexible.env '^METRICS_ADDR=127\.0\.0\.1:9101$'
holds ../compose.yml '^ +METRICS_ADDR: 0\.0\.0\.0:9101$'
holds ../compose.yml '"127\.0\.0\.1:\$\{METRICS_PORT:-9101\}:9101"'
if grep -E '^[^#]*9101' nginx.conf Caddyfile; then echo 'a proxy leads to the metrics' && exit 1; fi
holds nginx.conf '^\s*proxy_hide_header Strict-Transport-Security;$'
holds Caddyfile '^\s*defer$'

caddy validate --config Caddyfile --adapter caddyfile >"$root/caddy.log" 2>&1 || { cat "$root/caddy.log" && exit 1; }
echo 'Caddyfile: ok'

openssl req -x509 -newkey ed25519 -nodes -subj /CN=api.example.com -keyout "$root/privkey.pem" -out "$root/fullchain.pem" 2>/dev/null
{
  echo "pid $root/nginx/pid; error_log stderr; events {} http { access_log off;"
  for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $root/nginx/$kind;"; done
  sed "s,/etc/ssl/codexible/,$root/," nginx.conf
  echo '}'
} >"$root/nginx.conf"
nginx -t -q -c "$root/nginx.conf"
echo 'nginx.conf: ok'
