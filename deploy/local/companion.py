"""Runs programs beside a cluster that are watched over HTTP."""

import pathlib
import shutil
import socket
import subprocess
import time
import urllib.request

from plan import HOST, bound
from processes import StartError, end_with_parent, tail

START_SECONDS = 60
STOP_SECONDS = 20


class Companion:
    """One program of a Debian package of the same name, which listens on `port`."""

    def __init__(self, name, folder, port=0):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.port = port or free_port()
        self.child = None

    @property
    def address(self):
        return f"http://{HOST}:{self.port}"

    @property
    def log(self):
        return self.folder / f"{self.name}.log"

    def launch(self, *arguments, ready):
        """Returns once the page `ready` answers; StartError shows why it does not."""
        program = shutil.which(self.name)
        if not program:
            raise StartError(f"no {self.name} on the PATH; install it with: "
                             f"apt-get install {self.name}")
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as out:
            self.child = subprocess.Popen(
                [program, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, preexec_fn=end_with_parent)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers(ready):
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise StartError(f"{self.name} does not answer:\n{tail(self.log)}")
            time.sleep(0.1)

    def answers(self, page):
        try:
            with urllib.request.urlopen(self.address + page, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def free_port():
    with bound() as listener:
        return listener.getsockname()[1]


def is_free(port):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True
