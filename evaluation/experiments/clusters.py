"""Local clusters that answer."""

import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = SOURCE / "deploy" / "local" / "cluster.py"


class ClusterFailed(Exception):
    """A cluster that did not start, and what it said."""


class Cluster:
    """A cluster of one checkpoint while it is entered; `server` is its orchestrator's host:port.

    Generator and judge are one process of one thread, which computes more answers a second than
    threads that wait for each other; for more cores there are more clusters.
    """

    def __init__(self, state, binaries, checkpoint):
        """`state`: a folder of its own, where a cluster may still run that was not ended."""
        self.state, self.binaries, self.checkpoint = state, binaries, checkpoint

    def __enter__(self):
        self.command("down")
        self.command("up", "--binaries", self.binaries, "--checkpoint", self.checkpoint,
                     "--combined", "--threads", "1")
        processes = json.loads((self.state / "cluster.json").read_text())["processes"]
        port = next(one["port"] for one in processes if one["name"] == "orchestrator")
        self.server = f"127.0.0.1:{port}"
        return self

    def __exit__(self, *_):
        self.command("down")

    def command(self, action, *arguments):
        ended = subprocess.run([sys.executable, PROGRAM, action, "--state", self.state, *arguments],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if ended.returncode != 0:
            raise ClusterFailed(ended.stderr.strip() or ended.stdout.strip())
