#!/bin/bash
# A short form of every benchmark. SIZE=tiny|small|mid chooses the checkpoint;
# lines go to the terminal and to out/bench/NAME.jsonl.
source "$(dirname "$0")/environment.sh"

size=${SIZE:-small}
checkpoint=out/checkpoints/$size
bin=build/release/bin
python=.venv-bench/bin/python

bash scripts/build.sh release stagebeam-machine-limits engine_decode engine_prefill encode \
  stagebeam stagebeam-encoder stagebeam-generator stagebeam-judge stagebeam-orchestrator
bash scripts/bench_checkpoint.sh "$size"
mkdir -p out/bench

# bench NAME COMMAND...
bench() {
  local name=$1
  shift
  say "$*"
  "$@" | tee "out/bench/$name.jsonl"
}

bench machine_limits $bin/stagebeam-machine-limits
bench engine_decode $bin/engine_decode --checkpoint="$checkpoint" --branches=1,4,16 --steps=16
bench engine_prefill $bin/engine_prefill --checkpoint="$checkpoint" --tokens=128,512
bench encode $bin/encode --checkpoint="$checkpoint"

# cluster NAME PROGRAM ARGUMENT...: one of whole clusters. The limits are above.
cluster() {
  bench "$1" $python "benchmarks/cluster/$2.py" --skip-limits "${@:3}"
}

cluster search search --checkpoint="$checkpoint" --candidates=1,4 --stage-tokens=24 \
  --verdict-tokens=24 --peer --repeat=1
cluster load_open load --checkpoint="$checkpoint" --stage-tokens=24 --rate=0.3 --seconds=20
cluster load_closed load --checkpoint="$checkpoint" --stage-tokens=24 --closed=1,4 --block=4 \
  --repeat=1
cluster cache cache --checkpoint="$checkpoint" --pictures=5
cluster share share --threads=1
