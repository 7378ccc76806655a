#!/bin/bash
# test.sh PRESET [CTEST ARGUMENT...]: builds and runs every test.
source "$(dirname "$0")/environment.sh"

preset=$1
shift
bash scripts/build.sh "$preset"
bash scripts/make_venv.sh .venv-evaluation evaluation/requirements.txt
bash scripts/get_toolkit.sh
bash scripts/make_venv.sh .venv-deploy tests/deploy/requirements.txt
bash scripts/make_venv.sh .venv-annotate tests/training/annotate/requirements.txt
bash scripts/make_torch_venv.sh .venv-training training/reference/requirements.txt
bash scripts/get_kubectl.sh >/dev/null
say "running the tests of build/$preset"
ctest --preset "$preset" -j "$(nproc)" "$@"
