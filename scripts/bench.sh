#!/bin/bash
# A short form of every benchmark. SIZE=tiny|small|mid chooses the checkpoint;
# lines go to the terminal and to out/bench/NAME.jsonl.
source "$(dirname "$0")/environment.sh"

size=${SIZE:-small}
checkpoint=out/checkpoints/$size
bin=build/release/bin

bash scripts/build.sh release stagebeam-machine-limits engine_decode engine_prefill encode
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
