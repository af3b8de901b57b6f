#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL, PgBouncer before it, Valkey and Exim beside it, on free loopback ports.
#   tools/testenv.sh [--durable] go test ./...
# Without a command it prints the addresses and keeps the servers until Ctrl-C.
# --durable keeps the data on the disk and makes PostgreSQL wait for it, as a real one does (benches). Without it the
# data is in memory where that has 4 GiB free: on a disk a test waits ten times longer for its database.
set -euo pipefail

durable=off
if [[ ${1:-} == --durable ]]; then durable=on && shift; fi

"$(dirname "$0")/need.sh" postgres pgbouncer valkey exim openssl
initdb=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1 || true)
[[ $initdb ]] || initdb=$(readlink -f "$(command -v initdb)")
pg_bin=$(dirname "$initdb")
valkey=$(command -v valkey-server || command -v redis-server)
exim=$(PATH+=:/usr/sbin command -v exim4 || PATH+=:/usr/sbin command -v exim)

# PostgreSQL refuses to run as root. Should this script be killed outright, the servers get a signal.
as_server=() with_parent=()
if command -v setpriv >/dev/null; then with_parent=(setpriv --pdeathsig INT); fi
if ((!EUID)); then
  owner=postgres
  getent passwd "$owner" >/dev/null || owner=nobody
  as_server=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups)
  with_parent=("${as_server[@]}" --pdeathsig INT)
fi

parent=${TMPDIR:-/tmp}
free=$(df -k /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }') || free=0
if [[ $durable == off ]] && ((free > 4 << 20)); then parent=/dev/shm; fi
folder=$(mktemp -d "$parent/codexible-test.XXXXXX")
chmod 711 "$folder"
mkdir "$folder/postgres" "$folder/pgbouncer" "$folder/valkey" "$folder/exim"
((EUID)) || chown "$owner" "$folder/postgres" "$folder/pgbouncer" "$folder/valkey" "$folder/exim"

set -m # a process group for each job: Ctrl-C reaches this script alone, and a job is stopped whole
child='' servers=()

# stop SIGNAL TARGET: a pid, or -pid for its process group; killed after ten seconds
stop() {
  kill -s "$1" -- "$2" 2>/dev/null || return 0
  for ((i = 0; i < 100; i++)); do
    kill -0 -- "$2" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -s KILL -- "$2" 2>/dev/null || true
}

# shellcheck disable=SC2317 # the trap calls it
cleanup() {
  trap '' INT TERM HUP
  set +m # no notices about stopped jobs
  [[ ! $child ]] || stop TERM "-$child"
  for server in "${servers[@]}"; do stop INT "$server"; done
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# start LOG COMMAND…: runs the server with @PORT@ replaced by a free port until one of them is free
# (another run may take it first); leaves the port in $port
start() {
  local log=$folder/$1 pid
  shift
  for ((attempt = 0; attempt < 10; attempt++)); do
    port=$((20000 + RANDOM % 12000)) # below the range that the kernel gives to outgoing connections
    (cd "$folder" && exec "${with_parent[@]}" "${@//@PORT@/$port}") >"$log" 2>&1 </dev/null &
    pid=$!
    for ((i = 0; i < 600; i++)); do
      if grep -qisE 'ready to accept connections|listening for SMTP|process up: PgBouncer' "$log"; then
        servers+=("$pid")
        return
      fi
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.05
    done
    stop KILL "$pid"
  done
  echo "tools/testenv.sh: $1 did not start; the end of its log:" >&2
  tail -20 "$log" >&2
  exit 1
}

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && echo "$password" >"$folder/postgres/password")
((EUID)) || chown "$owner" "$folder/postgres/password"
# The sorting of a common installation, not C: an order that only holds for bytes shows up here.
if ! (cd "$folder" && "${as_server[@]}" "$pg_bin/initdb" --pgdata=postgres/data --username=postgres --pwfile=postgres/password \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US --no-sync) >"$folder/initdb.log" 2>&1; then
  cat "$folder/initdb.log" >&2
  exit 1
fi
# A time zone that is not UTC: code that does not say UTC fails here.
start postgres.log "$pg_bin/postgres" -D postgres/data -p @PORT@ -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
  -c fsync=$durable -c max_connections=200 -c timezone=Asia/Kathmandu
export CODEXIBLE_TEST_POSTGRES="postgres://postgres:$password@127.0.0.1:$port/postgres?sslmode=disable"
# In transaction mode with few server connections: what a session keeps is soon on another one.
echo "\"postgres\" \"$password\"" >"$folder/pgbouncer/users"
chmod 600 "$folder/pgbouncer/users"
cat >"$folder/pgbouncer/settings" <<INI
[databases]
* = host=127.0.0.1 port=$port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = PORT
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/pgbouncer/users
admin_users = postgres
pool_mode = transaction
default_pool_size = 20
max_client_conn = 1000
max_db_connections = 20
server_idle_timeout = 2
server_login_retry = 1
INI
((EUID)) || chown "$owner" "$folder/pgbouncer/"*
pgbouncer=$(PATH+=:/usr/sbin command -v pgbouncer)
# shellcheck disable=SC2016 # the inner shell expands it
start pgbouncer.log bash -c 'sed "s/= PORT/= $1/" "$2/settings" >"$2/$1.ini" && exec "$3" "$2/$1.ini"' pgbouncer @PORT@ "$folder/pgbouncer" "$pgbouncer"
export CODEXIBLE_TEST_PGBOUNCER="postgres://postgres:$password@127.0.0.1:$port/postgres?sslmode=disable"
start valkey.log "$valkey" --bind 127.0.0.1 --port @PORT@ --dir "$folder/valkey" --save '' --appendonly no
export CODEXIBLE_TEST_VALKEY="redis://127.0.0.1:$port"
# Exim runs as this user and without its root privileges, because it is given another configuration than its own. As a
# setuid program it would get no signal when this script is killed: a shell gets it, and passes it on.
mail_password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
  -keyout "$folder/exim/key.pem" -out "$folder/exim/cert.pem" 2>/dev/null
sed -e "s|@FOLDER@|$folder/exim|; s|@PASSWORD@|$mail_password|; s|@USER@|${owner:-$(id -un)}|; s|@GROUP@|$(id -gn "${owner:-$(id -un)}")|" "$(dirname "$0")/exim.conf" >"$folder/exim/exim.conf"
touch "$folder/exim/mainlog" # Exim adds to it
((EUID)) || chown "$owner" "$folder/exim/"*
# shellcheck disable=SC2016 # the shell of Exim expands it
start exim/mainlog bash -c '"$@" & trap "kill $!" INT TERM; wait $!; wait $!' exim "$exim" -C "$folder/exim/exim.conf" -bdf -oX 127.0.0.1.@PORT@
export CODEXIBLE_TEST_SMTP="smtp://codexible:$mail_password@127.0.0.1:$port?ca=$folder/exim/cert.pem" CODEXIBLE_TEST_MAILDIR=$folder/exim/mail
export CODEXIBLE_TEST_PG_BIN=$pg_bin CODEXIBLE_TEST_STRICT=1

if (($# == 0)); then
  env | grep '^CODEXIBLE_TEST_' | sed 's/^/export /; s/=\(.*\)/='"'\\1'"'/'
  set -- sleep infinity
fi
"$@" </dev/null &
child=$!
status=0
wait "$child" || status=$?
child=''
exit "$status"
