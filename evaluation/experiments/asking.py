"""Runs over a table, by `stagebeam-eval run` on several clusters at a time."""

import collections
import concurrent.futures
import contextlib
import dataclasses
import hashlib
import os
import pathlib
import subprocess
import sys
import time

from experiments.clusters import SOURCE, Cluster


class AskingFailed(Exception):
    """A run that ended early, and the end of what it said."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """What all runs share."""

    out: pathlib.Path
    binaries: pathlib.Path
    checkpoints: dict  # {name: directory}
    temperature: float
    concurrency: int  # Questions at a time, of one run.
    clusters: int  # Runs at a time.

    @property
    def stubs(self):
        """Where the contract's modules are."""
        return self.out / "python"

    def folder(self, table, run):
        """Of a run's answers: another checkpoint or temperature has others."""
        weights = hashlib.sha256(
            (self.checkpoints[run.checkpoint] / "model.safetensors").read_bytes()).hexdigest()
        return self.out / f"{weights[:8]}-{self.temperature}" / table.stem / run.name


def finished(folder):
    return (folder / "predictions.jsonl").exists()


def ask(setting, table, runs):
    """Answers of every run over the table; what is there already is not asked again.

    AskingFailed or clusters.ClusterFailed where that ends early; the next call goes on.
    """
    waiting = {run.name: run for run in runs if not finished(setting.folder(table, run))}.values()
    for checkpoint in dict.fromkeys(run.checkpoint for run in waiting):
        # The longest first, so that the clusters end together.
        ask_checkpoint(setting, table, sorted(
            (run for run in waiting if run.checkpoint == checkpoint),
            key=lambda run: run.candidates, reverse=True))


def ask_checkpoint(setting, table, runs):
    """Runs of one checkpoint, each cluster one at a time."""
    work, count = Work(setting, table, runs), min(setting.clusters, len(runs))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Cluster(
            setting.out / f"cluster-{number}", setting.binaries,
            setting.checkpoints[runs[0].checkpoint])).server for number in range(count)]
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(count))
        stack.callback(work.stop)  # Before the pool waits, whatever ended it.
        for done in [pool.submit(work.do, server) for server in servers]:
            done.result()


class Work:
    """Runs that threads take one after the other. Thread-safe."""

    def __init__(self, setting, table, runs):
        self.setting, self.table = setting, table
        self.waiting, self.processes = collections.deque(runs), {}

    def do(self, server):
        """Asks a cluster what waits, until nothing does or a run fails."""
        while run := self.next():
            start = time.monotonic()
            self.ask(run, server)
            print(f"{self.table.stem}: {run.name}: {time.monotonic() - start:.0f} s", flush=True)

    def next(self):
        try:
            return self.waiting.popleft()
        except IndexError:
            return None

    def ask(self, run, server):
        folder = self.setting.folder(self.table, run)
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "log", "w+b") as log:
            process = self.processes[run.name] = subprocess.Popen(
                command(self.setting, self.table, run, server),
                env={**os.environ, "PYTHONPATH": f"{SOURCE}/evaluation:{self.setting.stubs}"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
            if process.wait() != 0:
                self.stop()
                log.seek(0)
                raise AskingFailed(f"{run.name}: {log.read()[-2000:].decode(errors='replace')}")

    def stop(self):
        """Ends what is asked now, which keeps its answers, and begins nothing more."""
        self.waiting.clear()
        for process in self.processes.values():
            process.terminate()


def command(setting, table, run, server):
    return [sys.executable, "-m", "stagebeam_eval.main", "run", table, "--out",
            setting.folder(table, run), "--server", server, "--concurrency",
            str(setting.concurrency), *options(setting, run)]


def options(setting, run):
    """On the command line; a run's own temperature goes before everyone's."""
    for name, value in {"temperature": setting.temperature, **run.options}.items():
        yield f"--{name}"
        if value is not True:
            yield str(value)
