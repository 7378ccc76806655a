#!/bin/bash
# Every check that needs no test run. Stops at the first that finds something.
source "$(dirname "$0")/environment.sh"

bash scripts/setup.sh

say "formatting (clang-format)"
bash scripts/format.sh --check

say "contracts (buf lint)"
if ! cmp -s package-lock.json node_modules/.installed-lock; then
  quietly /tmp/stagebeam-npm.log npm install --no-save --no-audit --no-fund
  cp package-lock.json node_modules/.installed-lock
fi
(cd proto && npx --no-install buf lint)

say "Python (ruff)"
bash scripts/make_venv.sh .venv-lint scripts/lint_requirements.txt
.venv-lint/bin/ruff check --quiet .

say "shell (shellcheck)"
git ls-files -- '*.sh' .ci/run | xargs -d '\n' shellcheck -x -e SC1091

say "C++ (clang-tidy)"
bash scripts/build.sh release stagebeam_proto >/tmp/stagebeam-lint.log || { tail -30 /tmp/stagebeam-lint.log; exit 1; }
rooms=(libs services cli)
if [[ -n ${FULL:-} ]]; then rooms+=(tests benchmarks); fi
python3 scripts/tidy.py build/release --jobs "$(nproc)" --only "${rooms[@]}"

say "lint is clean"
