#!/bin/bash
# install_packages.sh [LIST...]: installs the Debian packages of the lists that
# are missing; nothing is upgraded, and no service is started. Without a list:
# what building, tests and lint need, Node included.
source "$(dirname "$0")/environment.sh"

lists=("$@")
(($# > 0)) || lists=(scripts/packages_build.txt scripts/packages.txt)
wants_node=$((!$#))

missing_packages() {
  local package
  sed 's/#.*//' "${lists[@]}" | tr -s ' \n' '\n' | while read -r package; do
    [[ -z $package ]] && continue
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
  ((wants_node)) || return 0
  # Node may come from elsewhere, and then Debian's npm would conflict with it.
  command -v node >/dev/null && command -v npm >/dev/null || printf '%s\n' nodejs npm
}

# Keeps Redis and Prometheus from starting as services while apt-get runs: the
# project starts its own. A policy that is there stays.
forbid_starting() {
  local policy=/usr/sbin/policy-rc.d
  [[ -e $policy ]] && return
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

command -v dpkg-query >/dev/null || fail "this set-up knows Debian 12 and 13 only"
mapfile -t missing < <(missing_packages)
if ((${#missing[@]} == 0)); then exit 0; fi

say "installing ${#missing[@]} Debian packages: ${missing[*]}"
[[ $(id -u) == 0 ]] || fail "not root; run: apt-get install --no-install-recommends ${missing[*]}"
quietly /tmp/stagebeam-apt.log apt-get update
forbid_starting
DEBIAN_FRONTEND=noninteractive quietly /tmp/stagebeam-apt.log \
  apt-get install -y --no-install-recommends "${missing[@]}"
