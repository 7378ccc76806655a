#!/bin/bash
# build.sh PRESET [TARGET...]: configures build/PRESET on first use and builds.
source "$(dirname "$0")/environment.sh"

preset=$1
shift
bash scripts/setup.sh
if [[ ! -f build/$preset/build.ninja ]]; then
  say "configuring build/$preset"
  quietly "build/$preset.configure.log" cmake --preset "$preset"
fi
say "building build/$preset ${*:-(everything)}"
ninja -C "build/$preset" -j "${JOBS:-$(jobs_that_fit)}" "$@"
