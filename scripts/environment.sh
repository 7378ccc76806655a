# Read by the other scripts: where things are, and how they speak.
# shellcheck shell=bash
set -euo pipefail

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$SOURCE"

# One cache for every checkout on the machine: paths inside the checkout do not
# count.
export CCACHE_BASEDIR=$SOURCE CCACHE_NOHASHDIR=1

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command whose output matters only when it fails: `quietly LOG cmd...`.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1; then
    tail -40 "$log" >&2
    fail "'$1' failed; the whole output is in $log"
  fi
}

# Compiler processes to run at once: one for each core, and 1.5 GiB for each,
# which is what the largest translation units take.
jobs_that_fit() {
  local cores gib fit
  cores=$(nproc)
  gib=$(awk '/MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
  fit=$((gib * 2 / 3))
  if ((fit < 1)); then fit=1; fi
  echo $((fit < cores ? fit : cores))
}
