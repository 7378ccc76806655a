#!/bin/bash
# How large a cluster LLaVA-o1 11B takes, and how its autoscalers do over a day,
# computed. Lines go to out/capacity/NAME.jsonl, the tables to the terminal, the
# picture to docs/. Some minutes on two cores, most of them for the sweep.
source "$(dirname "$0")/environment.sh"

programs=benchmarks/capacity
out=out/capacity
bash scripts/make_venv.sh .venv-capacity $programs/requirements.txt
python=.venv-capacity/bin/python
mkdir -p $out

say "replicas, memory and Redis (model.py)"
$python $programs/model.py >$out/model.jsonl
$python $programs/model.py --markdown
say "a day on the chosen policy (simulate.py)"
$python $programs/simulate.py >$out/day.jsonl
tail -1 $out/day.jsonl
$python $programs/plot.py $out/day.jsonl docs/autoscaling.png
say "other policies on the day's first half (sweep.py)"
$python $programs/sweep.py --hours 12 >$out/sweep.jsonl
$python $programs/sweep.py --markdown $out/sweep.jsonl
