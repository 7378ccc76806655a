#!/bin/bash
# Accuracy of single pass, best of N and stage beam on held-out questions.
# Arguments go to evaluation/accuracy.py, e.g. --questions 50.
source "$(dirname "$0")/environment.sh"

bash scripts/build.sh release stagebeam stagebeam-encoder stagebeam-generator stagebeam-judge \
  stagebeam-orchestrator
bash scripts/make_venv.sh .venv-evaluation evaluation/requirements.txt
say "starting a cluster (logs: out/accuracy/*.log) and asking it"
python3 deploy/local/cluster.py run --state out/accuracy -- \
  .venv-evaluation/bin/python evaluation/accuracy.py "$@"
