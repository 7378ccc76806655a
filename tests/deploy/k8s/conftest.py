"""Options and fixtures of the manifests' tests."""

import pathlib

import pytest
from rendering import OVERLAYS, SOURCE, Rendering


def pytest_addoption(parser):
    parser.addoption("--bin", type=pathlib.Path, default=SOURCE / "build" / "release" / "bin",
                     help="folder of the programs that the manifests start")


@pytest.fixture(scope="session")
def binaries(pytestconfig):
    return pytestconfig.getoption("--bin").resolve()


@pytest.fixture(scope="session")
def renderings():
    """Every overlay rendered, by its name."""
    return {name: Rendering.of(folder) for name, folder in OVERLAYS.items()}


@pytest.fixture(params=OVERLAYS)
def rendering(request, renderings):
    """Each overlay in turn."""
    return renderings[request.param]
