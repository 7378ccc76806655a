"""What a cluster on one machine consists of: its processes, in starting order."""

import dataclasses
import os
import pathlib
import random
import socket

HOST = "127.0.0.1"
# Which services' addresses a kind of process belongs to.
ROLES = {"encoder": ("encoder",), "generator": ("generator",), "judge": ("judge",),
         "generator-judge": ("generator", "judge")}


@dataclasses.dataclass(frozen=True)
class Options:
    """What an operator chooses."""

    binaries: pathlib.Path
    checkpoint: pathlib.Path
    state: pathlib.Path
    generators: int = 1
    judges: int = 1
    combined: bool = False  # One process in place of generators and judges.
    threads: int = 0  # 0: as many as the cores allow, see threads_of.
    base_port: int = 0  # 0: any free ports.
    flags: tuple = ()  # "service:--flag=value", for one kind of service.


@dataclasses.dataclass(frozen=True)
class Process:
    """One process: how to start it, and where it listens."""

    name: str
    command: tuple
    port: int
    metrics_port: int = 0  # 0: no metrics page.
    spins: bool = False  # Its threads wait for each other awake.
    kind: str = ""  # "generator", of services of ours.

    @property
    def address(self):
        return f"{HOST}:{self.port}"


def bound():
    """A socket on a free port below those that Linux gives to outgoing connections: one of these
    could be taken before its owner listens. OSError where none was found."""
    for port in random.sample(range(16384, 32768), 1000):
        listener = socket.socket()
        try:
            listener.bind((HOST, port))
            return listener
        except OSError:
            listener.close()
    raise OSError(f"no free port of {HOST} among a thousand of 16384 to 32767")


class Ports:
    """Hands out ports: one after another from a base, or any free ones."""

    def __init__(self, base):
        self.next = base
        # Held until the end, so that no port is handed out twice.
        self.held = []

    def take(self):
        if self.next:
            self.next += 1
            return self.next - 1
        listener = bound()
        self.held.append(listener)
        return listener.getsockname()[1]

    def release(self):
        for listener in self.held:
            listener.close()
        self.held.clear()


def redis(ports, state):
    port = ports.take()
    return Process("redis", (
        "redis-server", "--bind", HOST, "--port", str(port), "--save", "", "--appendonly", "no",
        "--dir", str(state), "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"), port)


def service(kind, name, ports, options, *flags):
    """A service of ours, named `name`, on two ports of its own."""
    port, metrics_port = ports.take(), ports.take()
    own = tuple(flag.split(":", 1)[1] for flag in options.flags if flag.startswith(kind + ":"))
    return Process(name, (
        str(options.binaries / f"stagebeam-{kind}"), f"--listen={HOST}:{port}",
        f"--metrics_listen={HOST}:{metrics_port}", *flags, *own), port, metrics_port, kind=kind)


def twin(process, name):
    """One more process like `process`, on two other ports."""
    ports = Ports(0)
    port, metrics_port = ports.take(), ports.take()
    ports.release()
    program, *flags = process.command
    kept = [flag for flag in flags if not flag.startswith(("--listen=", "--metrics_listen="))]
    command = (program, f"--listen={HOST}:{port}", f"--metrics_listen={HOST}:{metrics_port}", *kept)
    return dataclasses.replace(process, name=name, command=command, port=port,
                               metrics_port=metrics_port)


def threads_of(options):
    """Threads of each model: together no more than there are cores, at least one."""
    together = 1 if options.combined else options.generators + options.judges
    return options.threads or max(1, len(os.sched_getaffinity(0)) // together)


def replicas(kind, count, ports, options, *flags):
    return [service(kind, f"{kind}-{i}", ports, options, *flags) for i in range(1, count + 1)]


def address_file(state, role):
    """Where the addresses of a service's replicas are, one a line, for those that call it."""
    return state / f"{role}s.addresses"


def address_flag(options, name, role):
    return f"--{name}=file://{address_file(options.state, role)}"


def kinds(options):
    """The kinds of services that the cluster consists of."""
    workers = ("generator-judge",) if options.combined else ("generator", "judge")
    return ("encoder", *workers, "orchestrator")


def make_plan(options):
    """Every process, so that each starts after those that it calls."""
    ports = Ports(options.base_port)
    store = redis(ports, options.state)
    threads = threads_of(options)
    model = (f"--checkpoint={options.checkpoint}", f"--threads={threads}",
             f"--redis={store.address}")
    encoder = service("encoder", "encoder", ports, options, *model)
    workers = (*model, address_flag(options, "encoder", "encoder"))
    if options.combined:
        both = service("generator-judge", "generator-judge", ports, options, *workers)
        # Steps are short, and nobody else computes for long: waking up would
        # cost more than waiting awake.
        language = [dataclasses.replace(both, spins=True)]
    else:
        language = [*replicas("generator", options.generators, ports, options, *workers),
                    *replicas("judge", options.judges, ports, options, *workers)]
    orchestrator = service("orchestrator", "orchestrator", ports, options,
                           *(address_flag(options, f"{role}s", role)
                             for role in ("encoder", "generator", "judge")))
    ports.release()
    return [store, encoder, *language, orchestrator]
