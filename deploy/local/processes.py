"""Starts the processes of a plan, waits until they serve, and stops them."""

import ctypes
import os
import signal
import socket
import subprocess
import time

import plan

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
START_SECONDS = 120
STOP_SECONDS = 40


class StartError(Exception):
    """A process did not come up; the text says which, and shows its log."""


def end_with_parent():
    """Runs in the child: no process outlives the one that started it."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def tail(path, lines=15):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


class Running:
    """The running processes of one cluster, in starting order."""

    def __init__(self, options):
        self.options = options
        self.children = []  # (Process, Popen)

    def start(self, processes):
        """Starts all; StartError stops again what had started."""
        try:
            publish(self.options.state, processes)
            for process in processes:
                self.launch(process)
                # Workers load side by side; the orchestrator comes after them.
                if process.name in ("redis", processes[-2].name):
                    self.wait_for_all()
            self.wait_for_all()
        except BaseException:
            self.stop()
            raise

    def launch(self, process, place=None):
        """Starts a process; `place` is its number in starting order, the last one if none."""
        log = self.log(process)
        # Threads of several processes that wait awake on the same cores would
        # keep each other from working.
        waits = {} if process.spins else {"OMP_WAIT_POLICY": "passive"}
        environment = {**waits, **os.environ}
        with open(log, "wb") as out:
            child = subprocess.Popen(
                process.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=environment, start_new_session=True, preexec_fn=end_with_parent)
        place = len(self.children) if place is None else place
        self.children.insert(place, (process, child))

    def log(self, process):
        return self.log_of(process.name)

    def log_of(self, name):
        return self.options.state / f"{name}.log"

    def wait_for_all(self):
        self.wait_for([process for process, _ in self.children])

    def wait_for(self, processes):
        """Returns once these serve; StartError where one does not."""
        deadline = time.monotonic() + START_SECONDS
        for process, child in self.children:
            while process in processes and not self.serves(process):
                if child.poll() is not None:
                    raise StartError(f"{process.name} ended with code {child.returncode}:\n"
                                     + tail(self.log(process)))
                if time.monotonic() > deadline:
                    raise StartError(f"{process.name} does not serve after {START_SECONDS} s:\n"
                                     + tail(self.log(process)))

    def serves(self, process):
        """Whether a process answers; waits up to a second for it."""
        if process.name == "redis":
            return answers_ping(process.port)
        check = subprocess.run(
            [self.options.binaries / "stagebeam", "health", "--server", process.address,
             "--wait", "1s"], capture_output=True)
        return check.returncode == 0

    def stop(self):
        """Stops all, last started first, each given time to finish its calls."""
        while self.children:
            _, child = self.children.pop()
            end(child)


def end(child):
    """Stops a child that is given time to finish its calls."""
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def publish(state, processes):
    """Tells those that call a service where its replicas are."""
    for role in ("encoder", "generator", "judge"):
        file = plan.address_file(state, role)
        lines = [p.address for p in processes if role in plan.ROLES.get(p.kind, ())]
        draft = file.with_suffix(".draft")
        draft.write_text("".join(f"{line}\n" for line in lines))
        draft.replace(file)


def answers_ping(port):
    """Whether a Redis on this machine answers PING."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        time.sleep(0.05)  # Refused at once while Redis is starting.
        return False
