#!/bin/bash
# Draws the demo's pictures again, from the held-out data and a fixed seed.
source "$(dirname "$0")/environment.sh"

bash scripts/make_golden_venv.sh
say "drawing examples/pictures"
.venv-goldens/bin/python examples/make_pictures.py
