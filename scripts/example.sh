#!/bin/bash
# Runs the Python example of the README against a cluster.
source "$(dirname "$0")/environment.sh"

bash scripts/build.sh release stagebeam stagebeam-encoder stagebeam-generator stagebeam-judge \
  stagebeam-orchestrator
bash scripts/make_venv.sh .venv-evaluation evaluation/requirements.txt
say "generating the Python stubs into out/python"
mkdir -p out/python
find proto/stagebeam -name '*.proto' -print0 | xargs -0 .venv-evaluation/bin/python -m \
  grpc_tools.protoc -Iproto --python_out=out/python --grpc_python_out=out/python
say "starting a cluster and running examples/ask.py"
PYTHONPATH=out/python python3 deploy/local/cluster.py run --state out/example -- \
  .venv-evaluation/bin/python examples/ask.py examples/pictures/scenes-count.png \
  "How many teal objects are there?"
