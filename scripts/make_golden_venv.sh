#!/bin/bash
# .venv-goldens: Hugging Face's libraries for the golden test data.
source "$(dirname "$0")/environment.sh"

bash scripts/make_torch_venv.sh .venv-goldens scripts/golden_requirements.txt
