#!/bin/bash
# images.sh [TARGET...]: builds the images of deploy/docker on a base made by
# debootstrap, without a container daemon or a registry; then, unless targets are
# named, starts what was built the way a strict pod would and asks it a question.
# What is kept for the next time lies in .cache/images.
source "$(dirname "$0")/environment.sh"

every=(encoder generator judge generator-judge orchestrator cli load-weights)
targets=("$@")
(($# > 0)) || targets=("${every[@]}")

[[ $(id -u) == 0 ]] || fail "not root: making root file systems and mounting them needs it"
bash scripts/install_packages.sh scripts/packages_images.txt
source scripts/image_store.sh

# Prints the digest of the base, which is how the Dockerfile names it.
base() {
  local archive=$cache/base.tar container
  bash scripts/make_base.sh "$archive" >&2
  if ! in_store inspect --type image stagebeam/base:debootstrap >/dev/null 2>&1; then
    container=$(in_store from scratch)
    in_store add --quiet "$container" "$archive" / >/dev/null
    in_store config --cmd /bin/bash --label org.opencontainers.image.title=base "$container"
    in_store commit --quiet --rm "$container" stagebeam/base:debootstrap >/dev/null
  fi
  in_store inspect --type image --format '{{.FromImageID}}' stagebeam/base:debootstrap
}

# The wheels come through this machine's pip, with its configuration, and the
# compiler's results through its ccache.
bash scripts/install_torch.sh --wheels "$cache/wheels"
ccache_folder=${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ccache}
mkdir -p "$ccache_folder"
build() {
  in_store build --layers --isolation chroot --file deploy/docker/Dockerfile \
    --build-arg "BASE=$base" --build-arg VARIANT=cpu --build-arg "JOBS=${JOBS:-}" \
    --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS=/wheels \
    --build-arg CCACHE_DIR=/machine-ccache \
    --volume "$cache/wheels:/wheels:ro" --volume "$ccache_folder:/machine-ccache" \
    --label "org.opencontainers.image.title=stagebeam/$1" \
    --label "org.opencontainers.image.version=$version" \
    --target "$1" --tag "stagebeam/$1:$version" .
}

base=$(base)
say "base: $base; storage: $driver"
for target in "${targets[@]}"; do
  say "building stagebeam/$target:$version (log: out/images/$target.log)"
  quietly "$out/$target.log" build "$target"
done

(($# > 0)) || bash scripts/try_images.sh "${every[@]}"
say "the images are in $cache/storage ($driver); docs/images.md says how to push them"
