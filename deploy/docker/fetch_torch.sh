#!/bin/bash
# fetch_torch.sh cpu|cuda: libtorch for the build stage of the images.
source "$(dirname "$0")/../../scripts/environment.sh"

case $1 in
  cpu) bash scripts/install_torch.sh ;;
  cuda) bash scripts/make_venv.sh .venv-cuda scripts/cuda_requirements.txt ;;
  *) fail "VARIANT must be cpu or cuda, is '$1'" ;;
esac
