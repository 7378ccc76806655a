#!/bin/bash
# images.sh [TARGET...]: builds the images of deploy/docker on a base made by
# debootstrap, without a container daemon or a registry; then, unless targets are
# named, starts what was built the way a strict pod would and asks it a question.
# TAG is the images' tag, by default the project's version. With VARIANT=cuda, the
# images that run the model are built for GPUs, tagged ...-cuda, and not started.
# What is kept for the next time lies in .cache/images.
source "$(dirname "$0")/environment.sh"
shopt -s inherit_errexit

variant=${VARIANT:-cpu}
every=(encoder generator judge generator-judge orchestrator cli load-weights
  reference-checkpoint)
targets=("$@")
case $variant in
  cpu) (($# > 0)) || targets=("${every[@]}") ;;
  cuda) (($# > 0)) || targets=(encoder generator judge generator-judge) ;;
  *) fail "VARIANT must be cpu or cuda, is '$variant'" ;;
esac

[[ $(id -u) == 0 ]] || fail "not root: making root file systems and mounting them needs it"
bash scripts/install_packages.sh scripts/packages_images.txt
source scripts/image_store.sh
# Buildah leaves its store mounted on itself, and then nobody can delete it.
trap 'umount "$cache/storage/overlay" 2>/dev/null || true' EXIT

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
fetch_wheels() {
  if [[ $variant == cpu ]]; then
    bash scripts/install_torch.sh --wheels "$wheels"
  elif ! cmp -s scripts/cuda_requirements.txt "$wheels/requirements.fetched"; then
    say "fetching the wheels of scripts/cuda_requirements.txt (gigabytes)"
    quietly /tmp/stagebeam-cuda-wheels.log /usr/bin/python3 -m venv "$wheels/pip"
    quietly /tmp/stagebeam-cuda-wheels.log "$wheels/pip/bin/pip" download --dest "$wheels" \
      --requirement scripts/cuda_requirements.txt
    cp scripts/cuda_requirements.txt "$wheels/requirements.fetched"
  fi
}
wheels=$cache/wheels
if [[ $variant == cuda ]]; then wheels=$cache/wheels-cuda tag=$tag-cuda; fi
mkdir -p "$wheels"
fetch_wheels
ccache_folder=${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ccache}
mkdir -p "$ccache_folder"
# at_most LETTER NUMBER: the smaller of NUMBER and this process's hard limit.
at_most() {
  local hard
  hard=$(ulimit "-H$1")
  if [[ $hard != unlimited && $hard -lt $2 ]]; then echo "$hard"; else echo "$2"; fi
}

# Limits are given, for buildah's own may be higher than what a sandbox allows.
build() {
  in_store build --layers --isolation chroot --file deploy/docker/Dockerfile \
    --ulimit "nofile=$(at_most n 16384)" --ulimit "nproc=$(at_most u 32768)" \
    --build-arg "BASE=$base" --build-arg "VARIANT=$variant" --build-arg "JOBS=${JOBS:-}" \
    --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS=/wheels \
    --build-arg CCACHE_DIR=/machine-ccache \
    --volume "$wheels:/wheels:ro" --volume "$ccache_folder:/machine-ccache" \
    --label "org.opencontainers.image.title=stagebeam/$1" \
    --label "org.opencontainers.image.version=$tag" \
    --target "$1" --tag "stagebeam/$1:$tag" .
}

base=$(base)
say "base: $base; storage: $driver"
for target in "${targets[@]}"; do
  say "building stagebeam/$target:$tag (log: out/images/$target.log)"
  quietly "$out/$target.log" build "$target"
done

[[ $# != 0 || $variant == cuda ]] || bash scripts/try_images.sh "${every[@]}"
say "the images are in $cache/storage ($driver); docs/images.md says how to push them"
