#!/bin/bash
# Puts VLMEvalKit, which tests hold our scoring against, into .venv-toolkit: without the gigabytes
# that its models need. ms-vlmeval is how PyPI has it.
source "$(dirname "$0")/environment.sh"

toolkit=ms-vlmeval==0.0.20
bash scripts/make_venv.sh .venv-toolkit tests/evaluation/toolkit_requirements.txt
if .venv-toolkit/bin/pip freeze | grep -x "$toolkit" >/dev/null; then exit 0; fi
say "adding $toolkit to .venv-toolkit"
quietly /tmp/stagebeam-toolkit.log .venv-toolkit/bin/pip install --no-deps "$toolkit"
