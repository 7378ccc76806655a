#!/bin/bash
# A cluster on this machine under constant questions, and a Prometheus that
# draws its dashboards, until Ctrl-C.
source "$(dirname "$0")/environment.sh"

bash scripts/build.sh release stagebeam stagebeam-encoder stagebeam-generator stagebeam-judge \
  stagebeam-orchestrator
say "starting Redis, encoder, generator, judge, orchestrator and Prometheus (logs: out/dashboard)"
# Ctrl-C reaches all processes; this one waits until those below have stopped.
trap : INT
python3 deploy/local/cluster.py run --state out/dashboard -- \
  python3 deploy/local/dashboard.py --state out/dashboard --program build/release/bin/stagebeam || [[ $? == 130 ]]
say "everything is stopped"
