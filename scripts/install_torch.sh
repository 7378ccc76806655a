#!/bin/bash
# install_torch.sh [--wheels DIRECTORY]
#
# Puts the PyTorch wheel, whose libtorch the engine links, into .venv.
#
# The CPU build unless an NVIDIA driver is here; the CUDA build is the larger by
# gigabytes. STAGEBEAM_TORCH=<pip requirement> chooses another. With --wheels,
# the wheels of the CPU build are put into a directory and nothing is installed.
source "$(dirname "$0")/environment.sh"

version=2.13.0
wheels=
venv=.venv
python=python3
if [[ ${1:-} == --wheels ]]; then
  wheels=${2:?--wheels needs a directory}
  venv=$wheels/pip
  python=/usr/bin/python3  # Debian's: the wheels are for it
fi
if [[ -n $wheels ]]; then
  if compgen -G "$wheels/torch-$version*.whl" >/dev/null; then exit 0; fi
elif compgen -G '.venv/lib/python3*/site-packages/torch/version.py' >/dev/null; then
  exit 0
fi

say "fetching PyTorch $version into ${wheels:-.venv} (a few hundred megabytes)"
log=/tmp/stagebeam-torch.log
[[ -x $venv/bin/pip ]] || quietly "$log" "$python" -m venv "$venv"
install() {
  if [[ -n $wheels ]]; then
    "$venv/bin/pip" download --dest "$wheels" "$@" >>"$log" 2>&1
  else
    "$venv/bin/pip" install "$@" >>"$log" 2>&1
  fi
}

: >"$log"
if [[ -n ${STAGEBEAM_TORCH:-} ]]; then
  install "$STAGEBEAM_TORCH" || { tail -20 "$log"; fail "pip could not install $STAGEBEAM_TORCH"; }
elif [[ -z $wheels ]] && command -v nvidia-smi >/dev/null; then
  install "torch==$version" || { tail -20 "$log"; fail "pip could not install torch $version"; }
else
  install "torch==$version+cpu" ||
    install "torch==$version" --index-url https://download.pytorch.org/whl/cpu ||
    install "torch==$version" ||
    { tail -20 "$log"; fail "pip could not install torch $version; see $log"; }
fi
