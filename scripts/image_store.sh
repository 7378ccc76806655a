# Read by the scripts of the images: where they are kept, and buildah on it.
# shellcheck shell=bash
cache=$SOURCE/.cache/images
out=$SOURCE/out/images
# shellcheck disable=SC2034  # for those scripts
tag=${TAG:-$(sed -n 's/^project(stagebeam VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)}
mkdir -p "$cache"/{storage,tmp,wheels} "$out"
# Of buildah: its cache mounts lie in the folder of temporary files.
export TMPDIR=$cache/tmp

# Overlays where the kernel has them for this file system; else plain copies.
driver() {
  local try
  try=$(mktemp -d)
  mkdir "$try"/{lower,upper,work,merged}
  if unshare --mount mount -t overlay overlay -o \
    "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" "$try/merged" 2>/dev/null; then
    echo overlay
  else
    echo vfs
  fi
  rm -rf "$try"
}
driver=$(driver)
run=/run/stagebeam-images/$(cksum <<<"$SOURCE" | cut -d' ' -f1)  # one for each checkout
in_store() {
  buildah --root "$cache/storage" --runroot "$run" --storage-driver "$driver" "$@"
}
