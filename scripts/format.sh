#!/bin/bash
# Formats the C++ sources; --check only says what is not formatted. The wheel's
# clang-format, not Debian's: each version formats a little differently.
source "$(dirname "$0")/environment.sh"

bash scripts/install_packages.sh
bash scripts/make_venv.sh .venv-lint scripts/lint_requirements.txt
if [[ ${1:-} == --check ]]; then mode=(--dry-run -Werror); else mode=(-i); fi
git ls-files --cached --others --exclude-standard -- '*.cc' '*.h' |
  xargs --no-run-if-empty -d '\n' \
    .venv-lint/bin/clang-format "${mode[@]}"
