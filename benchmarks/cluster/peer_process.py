"""The Python peer as a process that stays loaded and runs one search at a time."""

import json
import os
import pathlib
import subprocess
import sys

from source_tree import SOURCE

PROGRAM = SOURCE / "benchmarks" / "peer" / "run_peer.py"


def add_arguments(parser):
    parser.add_argument("--peer", action="store_true",
                        help="run the Python peer in turns with ours")
    parser.add_argument("--peer-waits", default="default,passive",
                        help="how its OpenMP threads wait for each other: default (they spin a "
                        "little), active or passive; one loaded peer for each, the fastest counts")
    parser.add_argument("--peer-dtype", choices=["bf16", "fp32"], default="bf16",
                        help="fp32 is its faster one on processors without products of bfloat16")
    parser.add_argument("--peer-python", type=pathlib.Path,
                        default=SOURCE / ".venv-bench" / "bin" / "python",
                        help="made by scripts/make_bench_venv.sh")


class PeerProcess:
    """Runs while the context is entered; between searches it waits for a line."""

    def __init__(self, args, work, waits):
        """`work` without candidates: these are each run's own. `waits`: of --peer-waits."""
        self.waits = waits
        self.command = [
            str(args.peer_python), str(PROGRAM), "--serve", "--checkpoint", str(args.checkpoint),
            "--stage-tokens", str(work.stage_tokens), "--judge-tokens", str(work.verdict_tokens),
            "--threads", str(args.threads), "--dtype", args.peer_dtype]
        self.picture = args.state / "peer-picture.png"
        if not args.peer_python.exists():
            sys.exit(f"--peer-python: no {args.peer_python}; make it with "
                     "scripts/make_bench_venv.sh")

    def __enter__(self):
        environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
        if self.waits != "default":
            environment["OMP_WAIT_POLICY"] = self.waits
        self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, env=environment)
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    @property
    def pids(self):
        return [self.child.pid]

    def run(self, candidates, seed, picture):
        """The peer's own row for one search; it reads the picture from a file."""
        self.picture.write_bytes(picture)
        self.child.stdin.write(json.dumps({"beam": candidates, "rep": seed,
                                           "image": str(self.picture)}) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            sys.exit(f"the peer ended with code {self.child.wait()}")
        return json.loads(line)
