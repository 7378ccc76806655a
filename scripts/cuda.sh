#!/bin/bash
# cuda.sh [TARGET...]: builds the programs that run the model against a CUDA
# build of libtorch, in .venv-cuda and build/cuda. Needs neither a GPU nor a
# driver nor nvcc: the wheel brings the headers and the libraries.
source "$(dirname "$0")/environment.sh"

bash scripts/install_packages.sh
bash scripts/make_venv.sh .venv-cuda scripts/cuda_requirements.txt
compgen -G '.venv-cuda/lib/python3*/site-packages/torch/lib/libtorch_cuda.so' >/dev/null ||
  fail ".venv-cuda holds a CPU build of torch, see scripts/cuda_requirements.txt"
if [[ ! -f build/cuda/build.ninja ]]; then
  say "configuring build/cuda"
  quietly build/cuda.configure.log cmake --preset cuda
fi
(($# > 0)) || set -- stagebeam-encoder stagebeam-generator stagebeam-judge stagebeam-generator-judge
say "building build/cuda $*"
ninja -C build/cuda -j "${JOBS:-$(jobs_that_fit)}" "$@"
