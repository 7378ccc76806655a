"""Generates the Python stubs of the contracts and imports them."""

import importlib
import pathlib
import sys

import grpc_tools
from grpc_tools import protoc

SOURCE = pathlib.Path(__file__).resolve().parent.parent
PROTOS = SOURCE / "proto"


def generate(folder):
    """Writes the modules of every contract under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    files = [str(p) for p in sorted((PROTOS / "stagebeam").rglob("*.proto"))]
    code = protoc.main(["protoc", f"-I{PROTOS}", f"-I{well_known}", f"--python_out={folder}",
                        f"--grpc_python_out={folder}", *files])
    if code != 0:
        raise RuntimeError(f"protoc ended with {code}")


def load(folder=SOURCE / "out" / "python"):
    """(messages, services) of the orchestrator's contract."""
    generate(folder)
    sys.path.insert(0, str(folder))
    package = "stagebeam.orchestrator.v1.orchestrator"
    return importlib.import_module(f"{package}_pb2"), importlib.import_module(f"{package}_pb2_grpc")
