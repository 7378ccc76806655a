#!/bin/bash
# Puts the PyTorch wheel, whose libtorch the engine links, into .venv.
#
# The CPU build unless an NVIDIA driver is here; the CUDA build is the larger by
# gigabytes. STAGEBEAM_TORCH=<pip requirement> chooses another.
source "$(dirname "$0")/environment.sh"

version=2.13.0
if compgen -G '.venv/lib/python3*/site-packages/torch/version.py' >/dev/null; then exit 0; fi

say "installing PyTorch $version into .venv (a few hundred megabytes)"
log=/tmp/stagebeam-torch.log
[[ -x .venv/bin/pip ]] || quietly "$log" python3 -m venv .venv
install() { .venv/bin/pip install "$@" >>"$log" 2>&1; }

: >"$log"
if [[ -n ${STAGEBEAM_TORCH:-} ]]; then
  install "$STAGEBEAM_TORCH" || { tail -20 "$log"; fail "pip could not install $STAGEBEAM_TORCH"; }
elif command -v nvidia-smi >/dev/null; then
  install "torch==$version" || { tail -20 "$log"; fail "pip could not install torch $version"; }
else
  install "torch==$version+cpu" ||
    install "torch==$version" --index-url https://download.pytorch.org/whl/cpu ||
    install "torch==$version" ||
    { tail -20 "$log"; fail "pip could not install torch $version; see $log"; }
fi
