#!/bin/bash
# Formats the C++ sources; --check only says what is not formatted.
source "$(dirname "$0")/environment.sh"

command -v clang-format >/dev/null || bash scripts/install_packages.sh
if [[ ${1:-} == --check ]]; then mode=(--dry-run -Werror); else mode=(-i); fi
git ls-files --cached --others --exclude-standard -- '*.cc' '*.h' |
  xargs --no-run-if-empty -d '\n' clang-format "${mode[@]}"
