#!/bin/bash
# Everything that a build needs: Debian packages and libtorch. Quick where it
# is all there.
source "$(dirname "$0")/environment.sh"

bash scripts/install_packages.sh
bash scripts/install_torch.sh
