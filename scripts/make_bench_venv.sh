#!/bin/bash
# .venv-bench: Hugging Face's libraries and gRPC for the benchmarks.
source "$(dirname "$0")/environment.sh"

bash scripts/make_torch_venv.sh .venv-bench benchmarks/requirements.txt
