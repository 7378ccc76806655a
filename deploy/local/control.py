"""How one cluster.py asks the one that runs a cluster to change it.

JSON over a socket in the state folder; whoever may write there may ask.
"""

import json
from multiprocessing.connection import Client, Listener


class Control:
    """The socket of a running cluster, which takes one request at a time."""

    def __init__(self, state):
        path = socket_path(state)
        path.unlink(missing_ok=True)
        self.listener = Listener(str(path), "AF_UNIX")

    def serve(self, answer):
        """Answers requests until a signal ends it. `answer` maps an object to one."""
        while True:
            with self.listener.accept() as connection:
                try:
                    request = json.loads(connection.recv_bytes())
                    connection.send_bytes(json.dumps(answer(request)).encode())
                except (EOFError, OSError, ValueError):
                    continue  # The caller has gone, or was none of ours.


def ask(state, request):
    """The answer to a request. OSError: nobody takes requests; EOFError: the cluster ended."""
    with Client(str(socket_path(state)), "AF_UNIX") as connection:
        connection.send_bytes(json.dumps(request).encode())
        return json.loads(connection.recv_bytes())


def socket_path(state):
    return state / "control.sock"
