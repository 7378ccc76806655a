#!/bin/bash
# try_images.sh TARGET...: starts the images that images.sh built the way a strict
# pod would, without a container runtime, and asks clusters of them a question.
source "$(dirname "$0")/environment.sh"
source scripts/image_store.sh

containers=()
clean_up() {
  [[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
  local container
  for container in "${containers[@]}"; do
    in_store umount "$container" >/dev/null
    in_store rm "$container" >/dev/null
  done
}
trap clean_up EXIT

# unpack TARGET: sets root to the image's root file system.
unpack() {
  local container
  container=$(in_store from "localhost/stagebeam/$1:$tag")
  containers+=("$container")
  root=$(in_store mount "$container")
  in_store inspect --type image "stagebeam/$1:$tag" >"$out/$1.json"
}

# The clusters' states lie here: the orchestrator and its workers read the lists of
# replicas in them, so their images see this directory.
clusters=$out/clusters

# program TARGET NAME [OPTION...]: a command out/images/bin/NAME that runs the
# image. Checkpoints lie in /models there, wherever they lie here.
program() {
  local target=$1 name=$2
  shift 2
  cat >"$out/bin/$name" <<EOF
#!/bin/bash
exec python3 ${SOURCE@Q}/deploy/docker/run_image.py --root ${root@Q} \\
  --config ${out@Q}/$target.json ${*@Q} -- \\
  "\${@/#--checkpoint=*\/models\//--checkpoint=/models/}"
EOF
  chmod 755 "$out/bin/$name"
}

rm -rf "${out:?}/bin" "$out/models" "$clusters"
mkdir -p "$out/bin" "$clusters"
install -d -o 65532 -g 65532 "$out/models"
for target in "$@"; do
  unpack "$target"
  case $target in
    orchestrator) program "$target" stagebeam-orchestrator --bind "$clusters:$clusters" ;;
    cli) program "$target" stagebeam --bind "$SOURCE/examples/pictures:/pictures" ;;
    load-weights | reference-checkpoint) program "$target" "$target" --bind "$out/models:/models:rw" ;;
    *)
      program "$target" "stagebeam-$target" --bind "$out/models:/models" \
        --bind "$clusters:$clusters"
      ;;
  esac
  printf '    %-16s %4d MB\n' "$target" "$(du -sm --one-file-system "$root" | cut -f1)"
  python3 deploy/docker/inspect_root.py "$root" "$target"
done

say "filling a volume with models/reference by load-weights, over HTTP"
rm -rf "$out/served"
mkdir "$out/served"
cp models/reference/* "$out/served/"
(cd "$out/served" && sha256sum -- * >../SHA256SUMS && mv ../SHA256SUMS .)
coproc exec python3 -u -m http.server --bind 127.0.0.1 --directory "$out/served" 0 \
  2>"$out/served.log"
server=$COPROC_PID
read -r line <&"${COPROC[0]}"
"$out/bin/load-weights" "$(grep -o 'http://[0-9.:]*' <<<"$line")" /models/reference

say "filling it again from the image reference-checkpoint"
"$out/bin/reference-checkpoint" /checkpoint /models/checkpoint
diff -r "$out/models/reference" "$out/models/checkpoint"

# ask NAME ARGUMENT...: a cluster of images, arranged so, answers a question in
# four stages.
ask() {
  local name=$1
  shift
  say "asking a cluster of the images: $name"
  python3 deploy/local/cluster.py run --state "$clusters/$name" --binaries "$out/bin" \
    --checkpoint "$out/models/checkpoint" "$@" -- "$out/bin/stagebeam" ask --json \
    --image /pictures/scenes-count.png --seed 1 "How many teal objects are there?" \
    >"$out/$name.jsonl"
  python3 deploy/docker/check_answer.py <"$out/$name.jsonl"
}
ask separate
ask combined --combined
