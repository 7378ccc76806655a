"""Finds the package, and starts servers for tests."""

import pathlib
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "training" / "annotate"))

from endpoint_server import EndpointServer  # noqa: E402


@pytest.fixture
def serve():
    """Starts servers that answer as a script says; they end with the test."""
    servers = []

    def start(script=None):
        servers.append(EndpointServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
