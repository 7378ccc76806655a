#!/bin/bash
# A cluster on this machine, each service its own process, and questions to it.
source "$(dirname "$0")/environment.sh"

bash scripts/build.sh release stagebeam stagebeam-encoder stagebeam-generator stagebeam-judge \
  stagebeam-orchestrator
say "starting Redis, encoder, generator, judge and orchestrator (logs: out/demo/*.log)"
python3 deploy/local/cluster.py run --state out/demo -- \
  python3 examples/demo.py --program build/release/bin/stagebeam --out out/demo/traces
say "everything is stopped"
