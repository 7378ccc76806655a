#!/bin/bash
# load-weights SOURCE DIRECTORY: fills a volume with a checkpoint before a
# service starts. SOURCE is a directory or an http(s) address that holds the
# files and SHA256SUMS, as `sha256sum * >SHA256SUMS` writes it.
#
# DIRECTORY appears only when every file is there and right, so nobody sees half
# a checkpoint; where it is there already, its files are checked against the
# source's list, and only what differs is fetched again. A download that broke
# off goes on where it stopped. WEIGHTS_TOKEN_FILE names a file with a bearer
# token for the address.
set -euo pipefail

usage() {
  echo 'usage: load-weights SOURCE DIRECTORY' >&2
  exit 2
}
fail() {
  printf 'load-weights: %s\n' "$*" >&2
  exit 1
}
say() { printf 'load-weights: %s\n' "$*" >&2; }

(($# == 2)) || usage
source=${1%/}
directory=${2%/}
draft=$directory.loading

fetch() { # FILE TARGET: copies or downloads, going on behind what is there
  local authorization=()
  if [[ $source != http://* && $source != https://* ]]; then
    cp -- "$source/$1" "$2"
    return
  fi
  if [[ -n ${WEIGHTS_TOKEN_FILE:-} ]]; then
    authorization=(--oauth2-bearer "$(<"$WEIGHTS_TOKEN_FILE")")
  fi
  curl --fail --silent --show-error --location --retry 5 --retry-connrefused --continue-at - \
    "${authorization[@]}" --output "$2" "$source/$1"
}

# Names of the list that would lead out of the directory are refused.
check_list() {
  local sum name
  [[ -s $1 ]] || fail "$source/SHA256SUMS is empty"
  while read -r sum name; do
    [[ $sum =~ ^[0-9a-f]{64}$ ]] || fail "SHA256SUMS: '$sum' is no SHA-256 digest"
    [[ ${name#\*} =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]] ||
      fail "SHA256SUMS: '$name' is no plain file name"
  done <"$1"
}

right() { # SUM FILE: whether the file has the digest
  [[ -f $2 ]] && echo "$1  $2" | sha256sum --check --status
}

# Puts one file into the draft: the one of an earlier time where that is right,
# else the source's; from the start where going on did not come out right.
load() { # SUM NAME
  local target=$draft/$2
  if right "$1" "$directory/$2"; then
    ln -f -- "$directory/$2" "$target"
    return
  fi
  say "fetching $2"
  if fetch "$2" "$target" && right "$1" "$target"; then return; fi
  rm -f -- "$target"
  fetch "$2" "$target" || fail "cannot fetch $source/$2"
  right "$1" "$target" || fail "$source/$2 does not have the digest in SHA256SUMS"
}

mkdir -p -- "$draft" || fail "cannot write into $(dirname "$directory")"
rm -f -- "$draft/SHA256SUMS"
fetch SHA256SUMS "$draft/SHA256SUMS" || fail "cannot fetch $source/SHA256SUMS"
check_list "$draft/SHA256SUMS"
while read -r sum name; do load "$sum" "${name#\*}"; done <"$draft/SHA256SUMS"
sync
rm -rf -- "$directory"
mv -T -- "$draft" "$directory"
say "$directory is complete"
