#!/bin/bash
# forms.sh [--smoke]: trains a checkpoint on each form of answers, into
# out/checkpoints/forms, for the experiments. Goes on where an interrupted run
# was, and from the captions that checkpoint.sh has learnt.
source "$(dirname "$0")/environment.sh"

bash scripts/make_torch_venv.sh .venv-training training/reference/requirements.txt
say "training out/checkpoints/forms (an hour and a half on two cores with AMX; --smoke: minutes)"
.venv-training/bin/python training/reference/recipe.py out/training out/checkpoints/forms --forms "$@"
