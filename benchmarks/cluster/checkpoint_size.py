"""Bytes of the weights in a checkpoint's files."""

import json


def headers(checkpoint):
    """{tensor: its entry} of every safetensors file: 8 bytes of length, then that much JSON."""
    for path in sorted(checkpoint.glob("*.safetensors")):
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            yield json.loads(file.read(length))


def weight_bytes(checkpoint, prefix=""):
    """Of all tensors whose names start with `prefix`."""
    return sum(entry["data_offsets"][1] - entry["data_offsets"][0]
               for header in headers(checkpoint) for name, entry in header.items()
               if name != "__metadata__" and name.startswith(prefix))
