"""A real cluster on this machine, started for a benchmark."""

import dataclasses
import os
import pathlib
import re
import sys

import source_tree
from caller import Caller

source_tree.use("deploy/local")
import cluster  # noqa: E402
import plan  # noqa: E402
import processes  # noqa: E402


def add_arguments(parser, name):
    """The arguments of deploy/local/cluster.py; logs go to out/bench/`name`."""
    cluster.add_options(parser, source_tree.SOURCE / "out" / "bench" / name)
    parser.set_defaults(threads=os.cpu_count())


def options_of(parser, args, flags=()):
    """What the arguments say, and `flags` of services, which the arguments' own win over."""
    cluster.check_options(parser, args)
    options = with_flags(cluster.options_of(args), flags)
    cluster.check_programs(options)
    options.state.mkdir(parents=True, exist_ok=True)
    return options


def with_flags(options, flags):
    """`options` with more `flags`, "service:--flag=value"; one process may do two's work."""
    if options.combined:
        flags = [re.sub("^(generator|judge):", "generator-judge:", flag) for flag in flags]
    return dataclasses.replace(options, flags=(*flags, *options.flags))


class LocalCluster:
    """The processes of a plan, running while the context is entered. For one thread."""

    def __init__(self, options):
        self.options = options
        self.plan = plan.make_plan(options)
        self.running = processes.Running(options)
        self.callers = []

    def __enter__(self):
        cluster.stop_on_signals()
        try:
            self.running.start(self.plan)
        except processes.StartError as error:
            sys.exit(f"the cluster did not start: {error}")
        return self

    def __exit__(self, *_):
        for caller in self.callers:
            caller.close()
        self.running.stop()

    def caller(self, orchestrator="orchestrator"):
        """A new connection; it ends with the cluster."""
        self.callers.append(Caller(self.process(orchestrator).address, self.options.state))
        return self.callers[-1]

    def add_replica(self, of, name, *flags):
        """Starts one more process like `of`, on ports of its own; later flags win."""
        ports = plan.Ports(0)
        port, metrics_port = ports.take(), ports.take()
        ports.release()
        command = (*self.process(of).command, f"--listen={plan.HOST}:{port}",
                   f"--metrics_listen={plan.HOST}:{metrics_port}", *flags)
        self.running.launch(plan.Process(name, command, port, metrics_port))
        self.running.wait_for_all()

    def find(self, name):
        return next((p, c) for p, c in self.running.children if p.name == name)

    def process(self, name):
        return self.find(name)[0]

    def pid(self, name):
        return self.find(name)[1].pid

    def language_workers(self):
        """Names of the processes that run the language model."""
        return [p.name for p in self.plan if p.name.startswith(("generator", "judge"))]

    def pids(self):
        return [child.pid for _, child in self.running.children]

    def address(self, name):
        return self.process(name).address

    def metrics_url(self, name):
        return f"http://{plan.HOST}:{self.process(name).metrics_port}/metrics"

    def log(self, name) -> pathlib.Path:
        return self.running.log(self.process(name))
