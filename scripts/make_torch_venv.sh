#!/bin/bash
# make_torch_venv.sh DIRECTORY REQUIREMENTS: a virtual environment with what the
# file names, and torch lent from .venv.
source "$(dirname "$0")/environment.sh"

bash scripts/setup.sh
bash scripts/make_venv.sh "$1" "$2"
site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
site .venv >"$(site "$1")/torch-of-venv.pth"
