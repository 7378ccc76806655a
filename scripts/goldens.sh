#!/bin/bash
# Makes the golden test data again: every tests/*/make_golden*.py, run with
# Hugging Face's libraries. The data is committed; look at the difference.
source "$(dirname "$0")/environment.sh"

bash scripts/make_golden_venv.sh
for script in tests/*/make_golden*.py; do
  say "$script"
  .venv-goldens/bin/python "$script"
done
git status --short -- tests
