#!/bin/bash
# Renders every overlay of deploy/k8s into out/k8s, one file each.
source "$(dirname "$0")/environment.sh"

bash scripts/install_packages.sh
kubectl=$(bash scripts/get_kubectl.sh)
mkdir -p out/k8s
for overlay in deploy/k8s/overlays/*/; do
  name=$(basename "$overlay")
  "$kubectl" kustomize "$overlay" >"out/k8s/$name.yaml"
  say "out/k8s/$name.yaml: $(grep -c '^kind:' "out/k8s/$name.yaml") objects"
done
say "apply one with: kubectl apply -k deploy/k8s/overlays/NAME"
