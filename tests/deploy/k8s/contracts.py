"""Python stubs of the contracts in proto/, made on the way."""

import importlib
import pathlib
import sys

import grpc_tools
from grpc_tools import protoc
from rendering import SOURCE


def load(folder):
    """(messages, services) of the orchestrator, and of the generator."""
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    files = [str(each) for each in sorted((SOURCE / "proto" / "stagebeam").rglob("*.proto"))]
    code = protoc.main(["protoc", f"-I{SOURCE / 'proto'}", f"-I{well_known}",
                        f"--python_out={folder}", f"--grpc_python_out={folder}", *files])
    assert code == 0, code
    sys.path.insert(0, str(folder))
    package = "stagebeam.orchestrator.v1.orchestrator"
    return importlib.import_module(f"{package}_pb2"), importlib.import_module(f"{package}_pb2_grpc")
