#!/bin/bash
# make_venv.sh DIRECTORY REQUIREMENTS: a virtual environment with what the file
# names. Does nothing where it has been made from the same file.
source "$(dirname "$0")/environment.sh"

venv=$1
requirements=$2
stamp=$venv/requirements.installed
if cmp -s "$requirements" "$stamp" && "$venv/bin/python" -c '' 2>/dev/null; then exit 0; fi

say "making $venv from $requirements"
log=/tmp/stagebeam-$(basename "$venv").log
[[ -x $venv/bin/pip ]] || quietly "$log" python3 -m venv "$venv"
quietly "$log" "$venv/bin/pip" install -r "$requirements"
cp "$requirements" "$stamp"
