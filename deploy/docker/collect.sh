#!/bin/bash
# collect.sh PREFIX: gathers what the programs in PREFIX/bin need to run, by
# asking the dynamic linker: libtorch's libraries into PREFIX/lib, and the names
# of Debian packages into PREFIX/packages/{model,plain}.
source "$(dirname "$0")/../../scripts/environment.sh"

prefix=$1
packages=$prefix/packages
site=$(compgen -G '.venv*/lib/python3*/site-packages') || fail "no virtual environment with torch"
mkdir -p "$prefix/lib/torch/lib" "$packages"

# A CUDA build opens libraries by name that nothing links; all of them go along.
copy_cuda() {
  local library
  cp -a "$site"/torch/lib/lib*cuda*.so* "$prefix/lib/torch/lib/"
  for library in "$site"/nvidia/*/lib; do
    mkdir -p "$prefix/lib/nvidia/$(basename "$(dirname "$library")")"
    cp -a "$library" "$prefix/lib/nvidia/$(basename "$(dirname "$library")")/"
  done
}

# Of libtorch, only what the linker asks for: not its Python, not its tests.
copy_torch() {
  local wheel=$site/torch/lib library
  if compgen -G "$wheel/libtorch_cuda.so" >/dev/null; then copy_cuda; fi
  LD_LIBRARY_PATH=$wheel ldd "$prefix/bin/stagebeam-generator-judge" |
    awk '{print $3}' | grep "^$(realpath "$wheel")/\|^$wheel/" | while read -r library; do
    cp -L "$library" "$prefix/lib/torch/lib/"
  done
  strip --strip-unneeded "$prefix"/lib/torch/lib/*.so*
}

# Where a merged /usr has it, dpkg may know a library by the path in front of
# the link.
package_of() {
  local path
  path=$(realpath "$1")
  { dpkg-query --search "$1" || dpkg-query --search "$path" ||
    dpkg-query --search "${path#/usr}"; } 2>/dev/null | head -1 | sed 's/: .*//'
}

# needs PROGRAM...: the packages whose libraries the programs load. The driver's
# libraries come with a GPU's node.
needs() {
  local program library package
  for program in "$@"; do
    ldd "$prefix/bin/$program" | grep 'not found' | grep -v 'libcuda\.so\|libnvidia-ml\.so' >&2 &&
      fail "$program lacks a library"
    ldd "$prefix/bin/$program" | awk '$3 ~ /^\// {print $3}' | grep -v "^$prefix/"
  done | sort -u | while read -r library; do
    package=$(package_of "$library")
    [[ -n $package ]] || fail "no Debian package has $library"
    echo "$package"
  done | sort -u
}

copy_torch
needs stagebeam-encoder stagebeam-generator stagebeam-judge stagebeam-generator-judge \
  >"$packages/model"
needs stagebeam stagebeam-orchestrator >"$packages/plain"
say "packages of the programs that run the model: $(paste -sd' ' "$packages/model")"
say "packages of the others: $(paste -sd' ' "$packages/plain")"
