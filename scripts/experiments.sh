#!/bin/bash
# The paper's comparisons on held-out questions of the reference sets, into docs/experiments.md.
# Arguments go to evaluation/experiments, e.g. --questions 50 --confirm 200.
source "$(dirname "$0")/environment.sh"

bash scripts/build.sh release stagebeam stagebeam-encoder stagebeam-generator-judge \
  stagebeam-orchestrator
bash scripts/make_venv.sh .venv-evaluation evaluation/requirements.txt
say "asking clusters on this machine (answers and logs: out/experiments)"
PYTHONPATH=evaluation .venv-evaluation/bin/python -m experiments "$@"
