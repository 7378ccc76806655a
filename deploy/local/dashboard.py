#!/usr/bin/env python3
"""Watches a running local cluster with Prometheus, and keeps it busy, until Ctrl-C.

Started by `make dashboard` through `cluster.py run`, which sets STAGEBEAM_SERVER.
"""

import argparse
import os
import pathlib
import signal
import sys
import threading

from cluster import read_state
from companion import free_port, is_free
from consoles import DASHBOARDS, write_consoles
from load import Load
from processes import StartError
from prometheus import Prometheus
from redis_exporter import RedisExporter

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MONITORING = DASHBOARDS.parent
USUAL_PORT = 9090
sys.path.append(str(MONITORING))

import rule_groups  # noqa: E402


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=pathlib.Path, required=True,
                        help="folder of the running cluster")
    parser.add_argument("--program", type=pathlib.Path, required=True,
                        help="the stagebeam program")
    parser.add_argument("--port", type=int, default=0,
                        help=f"of Prometheus; 0: {USUAL_PORT}, or a free one where that is taken")
    parser.add_argument("--no-load", action="store_true", help="ask no questions")
    return parser.parse_args()


def keep_busy(load, stop):
    """Asks questions until `stop` is set; says so once where they fail."""
    told = False
    while not stop.is_set():
        failed = [end for end in load.run(load.at_a_time) if end.returncode > 0]
        if failed and not told and not stop.is_set():
            print("a question failed:", failed[0].stderr.strip(), flush=True)
            told = True
        if failed:
            stop.wait(1)


def describe(prometheus, names):
    pages = "\n".join(f"  {prometheus.address}/consoles/{name}.html" for name in names)
    return f"""
Dashboards, drawn by Prometheus itself:
{pages}
Alerts and recording rules: {prometheus.address}/alerts
Any query:                  {prometheus.address}/graph

With a Grafana of yours: add {prometheus.address} as a Prometheus data source, then import the
files of {DASHBOARDS.relative_to(SOURCE)}
(Dashboards > New > Import), or put them where its provisioning looks for dashboards.

Questions of every strategy are asked all the time. Ctrl-C stops everything."""


def main():
    args = parse()
    folder = args.state.resolve()
    processes = read_state(folder)["processes"]
    names = write_consoles(folder / "consoles")
    port = args.port or (USUAL_PORT if is_free(USUAL_PORT) else free_port())
    prometheus = Prometheus(folder / "prometheus", port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop = threading.Event()
    exporter = RedisExporter(folder / "prometheus")
    try:
        redis = next(process for process in processes if process["name"] == "redis")
        processes.append(exporter.start(redis["port"]))
        prometheus.start(processes, rule_groups.rule_file(), interval="2s",
                         consoles=folder / "consoles")
    except StartError as error:
        sys.exit(str(error))
    try:
        print(describe(prometheus, names), flush=True)
        if not args.no_load:
            load = Load(args.program, os.environ["STAGEBEAM_SERVER"])
            threading.Thread(target=keep_busy, args=(load, stop), daemon=True).start()
        stop.wait()
    finally:
        prometheus.stop()
        exporter.stop()


if __name__ == "__main__":
    main()
