#!/bin/bash
# compile.sh cpu|cuda: compiles the programs of the images, in their build stage,
# and installs them into /opt/stagebeam/bin.
source "$(dirname "$0")/../../scripts/environment.sh"

programs=(stagebeam stagebeam-encoder stagebeam-generator stagebeam-judge
  stagebeam-generator-judge stagebeam-orchestrator)
case $1 in
  cpu) preset=release ;;
  cuda) preset=cuda ;;
  *) fail "VARIANT must be cpu or cuda, is '$1'" ;;
esac

# ccache counts the language of messages; this is the one of most machines.
export LANG=C.UTF-8
say "compiling ${programs[*]}"
cmake --preset "$preset" -DSTAGEBEAM_TESTS=OFF
ninja -C "build/$preset" -j "${JOBS:-$(jobs_that_fit)}" "${programs[@]}"
ccache --show-stats
for program in "${programs[@]}"; do
  cmake --install "build/$preset" --prefix /opt/stagebeam --strip --component "$program"
done
rm -rf "build/$preset"
