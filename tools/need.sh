#!/usr/bin/env bash
# Installs the missing programs of the named needs from Debian's packages.
#   tools/need.sh postgres valkey race chromium wrk
set -euo pipefail
PATH+=:/usr/sbin:/sbin

have() {
  case $1 in
    postgres) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    valkey) command -v valkey-server >/dev/null || command -v redis-server >/dev/null ;;
    exim) command -v exim4 >/dev/null || command -v exim >/dev/null ;;
    race) command -v "${CC:-gcc}" >/dev/null && [[ -e /usr/include/stdlib.h || ! -e /etc/debian_version ]] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

package() {
  case $1 in
    postgres) echo postgresql ;;
    valkey) echo valkey-server ;;
    exim) echo exim4-daemon-light ;;
    race) echo gcc libc6-dev ;;
    ip) echo iproute2 ;;
    mkfs.ext4) echo e2fsprogs ;;
    nginx) echo nginx-light ;;
    systemd-analyze) echo systemd ;;
    *) echo "$1" ;;
  esac
}

missing=()
for need in "$@"; do have "$need" || missing+=("$need"); done
((${#missing[@]})) || exit 0

if ! command -v apt-get >/dev/null; then
  echo "tools/need.sh: missing: ${missing[*]}. This system has no apt-get: install them by hand and put them on the PATH." >&2
  exit 1
fi
if ((EUID)); then
  if ! sudo -n true 2>/dev/null; then
    echo "tools/need.sh: missing: ${missing[*]}. Run \"sudo $0 $*\" once, or have them installed for you." >&2
    exit 1
  fi
  exec sudo -n "$0" "$@"
fi
# One installation at a time; -o keeps the lock away from whatever a package starts.
[[ ${CODEXIBLE_NEED_LOCKED:-} ]] || CODEXIBLE_NEED_LOCKED=1 exec flock -o /etc/apt "$0" "$@"

export DEBIAN_FRONTEND=noninteractive
scratch=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
cleanup() {
  rm -rf "$scratch"
  [[ ! -e $scratch.policy ]] || rm -f "$policy" "$scratch.policy"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
# Packaged servers would start on their default ports: only their programs are wanted.
if [[ ! -e $policy ]]; then
  touch "$scratch.policy"
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi

apt() { apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2 && return 1; }; }

# Debian 12 has Valkey in its backports alone: the system's own mirror and signing are copied to a
# sources file of this run, so nothing in /etc/apt changes.
backports() {
  local release uri
  release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  # shellcheck disable=SC2016 # apt-get fills it in
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' "Codename: $release" | sed -n '1s,/$,,p')
  [[ $release && $uri ]] || return 1
  cp -r /etc/apt/sources.list.d "$scratch/sources"
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
    awk -v RS= -v uri="$uri" -v release="$release" '
      index($0, uri) && match($0, "Suites:[^\n]* ?" release "( |\n|$)") {
        sub(/Suites:[^\n]*/, "Suites: " release "-backports"); print; exit
      }' >"$scratch/sources/copied-backports.sources"
  sed -nE "s,^(deb (\[[^]]*\] )?$uri/?) $release .*,\1 $release-backports main,p" /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    head -1 >"$scratch/sources/copied-backports.list"
  apt -o Dir::Etc::SourceParts="$scratch/sources" update &&
    apt -o Dir::Etc::SourceParts="$scratch/sources" install -y --no-install-recommends -t "$release-backports" valkey-server
}

echo "tools/need.sh: installing ${missing[*]}" >&2
apt update
for need in "${missing[@]}"; do
  ! have "$need" || continue
  if [[ $need == valkey && -z $(apt-cache madison valkey-server) ]]; then
    backports || apt install -y --no-install-recommends redis-server
  else
    # shellcheck disable=SC2046 # a need may be several packages
    apt install -y --no-install-recommends $(package "$need")
  fi
  have "$need" || { echo "tools/need.sh: $need is still missing after the installation" >&2; exit 1; }
done
