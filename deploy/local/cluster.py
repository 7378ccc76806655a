#!/usr/bin/env python3
"""A whole stagebeam cluster on one machine, for trying out and for tests.

  cluster.py up            starts it in the background and returns once it serves
  cluster.py status        says what runs where
  cluster.py scale generators=4 judges=2
                           starts or stops replicas of the running cluster
  cluster.py restart       replaces each worker by a new one, one after the other
  cluster.py down          stops it, calls finished first
  cluster.py run -- CMD    starts it, runs CMD, and stops it whatever happens

redis-server, the encoder, generators, judges and the orchestrator are each a
process on ports of their own, bound to 127.0.0.1. With --combined, generator
and judge are one process with one copy of the model, for machines with one GPU
or few cores. Services find each other by files in the state folder, so that
replicas may come and go; neither scale nor restart loses a call. CMD finds the
orchestrator in STAGEBEAM_SERVER and its metrics page in STAGEBEAM_METRICS.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from control import Control, ask
from plan import HOST, Options, kinds, make_plan
from processes import START_SECONDS, STOP_SECONDS, Running, StartError, tail
from scaling import Scaler

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# What `scale` may name, and the kind of process that it means.
SCALABLE = {"encoders": "encoder", "generators": "generator", "judges": "judge"}


def add_options(parser, state):
    """Adds the arguments that describe a cluster, which `options_of` reads."""
    parser.add_argument("--checkpoint", type=pathlib.Path, default=SOURCE / "models" / "reference",
                        help="Hugging Face directory of the model")
    parser.add_argument("--binaries", type=pathlib.Path,
                        default=SOURCE / "build" / "release" / "bin")
    parser.add_argument("--state", type=pathlib.Path, default=state,
                        help="folder of the logs and of what is running")
    parser.add_argument("--generators", type=int, default=1)
    parser.add_argument("--judges", type=int, default=1)
    parser.add_argument("--combined", action="store_true",
                        help="one generator-judge in place of generators and judges")
    parser.add_argument("--threads", type=int, default=0,
                        help="of each process's model; 0: as many as do not get into each "
                        "other's way")
    parser.add_argument("--base_port", type=int, default=0,
                        help="first of consecutive ports; 0: any free ones")
    parser.add_argument("--flag", action="append", default=[], metavar="SERVICE:--NAME=VALUE",
                        help="one more flag for a kind of service, e.g. generator:--dtype=float32")


def check_options(parser, args):
    """Ends with one line that names the argument that makes no sense."""
    if args.threads < 0:
        parser.error("--threads: must not be negative")
    for name in ("generators", "judges"):
        if getattr(args, name) < 1:
            parser.error(f"--{name}: must be at least 1")
    if args.combined and (args.generators, args.judges) != (1, 1):
        parser.error("--combined: is one process; leave --generators and --judges out")
    services = kinds(options_of(args))
    for flag in args.flag:
        kind, _, rest = flag.partition(":")
        if kind not in services or rest[:2] != "--":
            parser.error(f"--flag: '{flag}' is not SERVICE:--NAME=VALUE with a SERVICE of "
                         + ", ".join(services))


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument("counts", nargs="*", metavar="REPLICAS=N",
                        help="of scale: encoders, generators or judges, and how many")
    add_options(parser, SOURCE / "out" / "cluster")
    own = sys.argv[1:]
    cut = own.index("--") if "--" in own else len(own)
    args = parser.parse_intermixed_args(own[:cut])
    args.command = own[cut + 1:]
    check_options(parser, args)
    check_counts(parser, args)
    if args.action == "run" and not args.command:
        parser.error("run: needs a command after --")
    return args


def check_counts(parser, args):
    """Makes `counts` a dictionary from kinds of process to numbers."""
    if bool(args.counts) != (args.action == "scale"):
        parser.error("scale: comes with REPLICAS=N, nothing else does")
    counts = {}
    for text in args.counts:
        name, _, number = text.partition("=")
        if name not in SCALABLE or not number.isdecimal() or not 1 <= int(number) <= 64:
            parser.error(f"scale: '{text}' is not one of {', '.join(SCALABLE)}, =, and a number "
                         "within [1, 64]")
        counts[SCALABLE[name]] = int(number)
    args.counts = counts


def options_of(args):
    return Options(args.binaries.resolve(), args.checkpoint.resolve(), args.state.resolve(),
                   args.generators, args.judges, args.combined, args.threads, args.base_port,
                   tuple(args.flag))


def state_file(state):
    return state / "cluster.json"


def read_state(state):
    """What `up` wrote, or None where no cluster of this folder runs."""
    try:
        saved = json.loads(state_file(state).read_text())
        # Numbers of processes come round again: it must be this program.
        command = pathlib.Path(f"/proc/{saved['supervisor']}/cmdline").read_bytes()
        return saved if b"cluster.py" in command else None
    except (OSError, ValueError):
        return None


def write_state(state, running):
    rows = [{**dataclasses.asdict(process), "pid": child.pid}
            for process, child in running.children]
    draft = state / "cluster.json.draft"
    draft.write_text(json.dumps({"supervisor": os.getpid(), "processes": rows}, indent=2))
    draft.replace(state_file(state))


def check_programs(options):
    """Ends with one line that names what is not there."""
    for kind in kinds(options):
        if not (options.binaries / f"stagebeam-{kind}").exists():
            sys.exit(f"no stagebeam-{kind} in {options.binaries}; build it with: make build")
    if not shutil.which("redis-server"):
        sys.exit("no redis-server on the PATH; install it with: apt-get install redis-server")
    if not (options.checkpoint / "config.json").exists():
        sys.exit(f"--checkpoint: no config.json in {options.checkpoint}")


def start(options):
    options.state.mkdir(parents=True, exist_ok=True)
    running = Running(options)
    running.start(make_plan(options))
    write_state(options.state, running)
    return running


def finish(options, running):
    running.stop()
    state_file(options.state).unlink(missing_ok=True)


def stop_on_signals():
    """SIGTERM and SIGINT end the program by SystemExit, so that cleaning up runs."""
    def leave(number, _):
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)


def run(args, options):
    if read_state(options.state):
        sys.exit(f"a cluster of {options.state} is running already")
    check_programs(options)
    stop_on_signals()
    running = start(options)
    try:
        orchestrator, _ = running.children[-1]
        environment = {**os.environ, "STAGEBEAM_SERVER": orchestrator.address,
                       "STAGEBEAM_METRICS": f"http://{HOST}:{orchestrator.metrics_port}/metrics"}
        return subprocess.run(args.command, env=environment).returncode
    except OSError as error:
        sys.exit(f"{args.command[0]}: {error.strerror}")
    finally:
        finish(options, running)


def supervise(options):
    """The background process of `up`: owns the cluster until SIGTERM."""
    stop_on_signals()
    control = Control(options.state)
    running = start(options)
    try:
        control.serve(lambda request: change(options, running, request))
    finally:
        finish(options, running)


def change(options, running, request):
    """Carries out a request of `scale` or `restart`; {} or {"error": text}."""
    scaler = Scaler(running)
    try:
        if request["action"] == "restart":
            scaler.restart()
        for kind, count in request["counts"].items():
            scaler.scale(kind, count)
        return {}
    except StartError as error:
        return {"error": str(error)}
    finally:
        write_state(options.state, running)


def ask_for_change(args, options):
    """`scale` and `restart`: returns once the running cluster has changed."""
    if not read_state(options.state):
        sys.exit("no cluster is running")
    try:
        answer = ask(options.state, {"action": args.action, "counts": args.counts})
    except OSError:
        sys.exit(f"the cluster of {options.state} takes no requests: it was not started by up")
    except EOFError:
        sys.exit("the cluster has ended")
    if "error" in answer:
        sys.exit(answer["error"])
    print(describe(read_state(options.state)))
    return 0


def up(args, options):
    if read_state(options.state):
        sys.exit("a cluster is running already:\n" + describe(read_state(options.state)))
    check_programs(options)
    options.state.mkdir(parents=True, exist_ok=True)
    log = options.state / "supervisor.log"
    arguments = [a for a in sys.argv[1:] if a != "up"]
    with open(log, "wb") as out:
        child = subprocess.Popen(
            [sys.executable, __file__, "up", *arguments], stdin=subprocess.DEVNULL, stdout=out,
            stderr=out, start_new_session=True,
            env={**os.environ, "STAGEBEAM_SUPERVISOR": "1"})
    deadline = time.monotonic() + 2 * START_SECONDS
    while not read_state(options.state):
        if child.poll() is not None or time.monotonic() > deadline:
            child.terminate()
            sys.exit(tail(log, 30))
        time.sleep(0.1)
    print(describe(read_state(options.state)))


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def describe(saved):
    rows = []
    for process in saved["processes"]:
        state = "running" if is_running(process["pid"]) else "ENDED"
        page = process["metrics_port"]
        metrics = f"metrics http://{HOST}:{page}/metrics" if page else ""
        rows.append(f"{process['name']:15} {state:8} pid {process['pid']:<8} "
                    f"{HOST}:{process['port']:<6} {metrics}")
    return "\n".join(rows)


def status(_, options):
    saved = read_state(options.state)
    if not saved:
        print("no cluster is running")
        return 1
    print(describe(saved))
    return 0 if all(is_running(p["pid"]) for p in saved["processes"]) else 1


def down(_, options):
    saved = read_state(options.state)
    if not saved:
        print("no cluster is running")
        return 0
    os.kill(saved["supervisor"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS * len(saved["processes"])
    while is_running(saved["supervisor"]) and time.monotonic() < deadline:
        time.sleep(0.1)
    print("stopped")
    return 0


ACTIONS = {"up": up, "down": down, "status": status, "run": run, "scale": ask_for_change,
           "restart": ask_for_change}


def main():
    args = parse()
    options = options_of(args)
    try:
        if args.action == "up" and os.environ.get("STAGEBEAM_SUPERVISOR"):
            return supervise(options)
        return ACTIONS[args.action](args, options)
    except StartError as error:
        sys.exit(f"the cluster did not start: {error}")


if __name__ == "__main__":
    sys.exit(main())
