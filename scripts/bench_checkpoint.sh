#!/bin/bash
# bench_checkpoint.sh SIZE: makes the random checkpoint out/checkpoints/SIZE
# (tiny, small or mid) where it is not yet. CHECKPOINTS names another folder.
source "$(dirname "$0")/environment.sh"

size=${1:?usage: bench_checkpoint.sh tiny|small|mid}
case $size in tiny | small | mid) ;; *) fail "SIZE must be tiny, small or mid, not '$size'" ;; esac
checkpoints=${CHECKPOINTS:-out/checkpoints}
if [[ -f $checkpoints/$size/model.safetensors ]]; then exit 0; fi

bash scripts/make_bench_venv.sh
say "making $checkpoints/$size"
# Made aside and moved, so that a broken run leaves no half of a checkpoint.
rm -rf "$checkpoints/$size.new" "${checkpoints:?}/$size"
.venv-bench/bin/python benchmarks/checkpoints/make_checkpoint.py \
  --size "$size" --out "$checkpoints/$size.new"
mv "$checkpoints/$size.new" "$checkpoints/$size"
