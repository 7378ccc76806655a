#!/bin/bash
# .venv-goldens: Hugging Face's libraries, and torch lent from .venv.
source "$(dirname "$0")/environment.sh"

bash scripts/setup.sh
bash scripts/make_venv.sh .venv-goldens scripts/golden_requirements.txt
site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
site .venv >"$(site .venv-goldens)/torch-of-venv.pth"
