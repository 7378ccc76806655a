#!/bin/bash
# How large a cluster LLaVA-o1 11B takes, computed. Lines go to the terminal and
# to out/capacity/NAME.jsonl.
source "$(dirname "$0")/environment.sh"

mkdir -p out/capacity
say "replicas, memory and Redis (benchmarks/capacity/model.py)"
python3 benchmarks/capacity/model.py | tee out/capacity/model.jsonl
