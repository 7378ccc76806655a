#!/bin/bash
# checkpoint.sh [--smoke]: makes the reference checkpoint again, into
# out/reference; what it takes on the way lies in out/training. Goes on where an
# interrupted run was.
source "$(dirname "$0")/environment.sh"

bash scripts/make_torch_venv.sh .venv-training training/reference/requirements.txt
say "training out/reference (77 minutes on two cores that multiply in bfloat16, hours on others; --smoke: minutes)"
.venv-training/bin/python training/reference/recipe.py out/training out/reference "$@"
say "what it can do on held-out questions"
.venv-training/bin/python training/reference/evaluate.py out/reference --questions 600 |
  tee out/reference.jsonl
