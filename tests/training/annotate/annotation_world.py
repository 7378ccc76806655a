"""Records with pictures on the disk, and runs of the command over them."""

import base64
import json
import os
import random
import struct
import subprocess
import sys
import zlib

import conftest
from endpoint_server import JUDGE_MODEL, answer_of

KEY = "sk-never-to-be-seen-2718281828"


def png(seed):
    """A small picture that no other seed gives."""
    pixels = random.Random(seed).randbytes(12 * 12 * 3)
    rows = b"".join(b"\0" + pixels[i:i + 36] for i in range(0, len(pixels), 36))

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 12, 12, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def record(number, **changes):
    """Every third record brings its picture along, the others name a file."""
    identity = f"r-{number}"
    fields = {"id": identity, "question": f"[{identity}] How many dots — “•” — are there?",
              "answer": answer_of(identity)}
    if number % 3 == 0:
        fields["image_base64"] = base64.b64encode(png(number)).decode()
    else:
        fields["image"] = f"pictures/{number}.png"
    return fields | changes


def write_input(directory, records):
    """An input file with these records, and the pictures that they name."""
    (directory / "pictures").mkdir(parents=True, exist_ok=True)
    for fields in records:
        if "image" in fields:
            number = int(fields["id"].removeprefix("r-"))
            (directory / fields["image"]).write_bytes(png(number))
    path = directory / "input.jsonl"
    path.write_text("".join(json.dumps(fields) + "\n" for fields in records))
    return path


def start(server, path, out, *flags):
    """The command as a process of its own, with little patience."""
    return subprocess.Popen(
        [sys.executable, "-m", "annotate", "--url", server.url, "--model", "writer",
         "--judge_model", JUDGE_MODEL, "--input", str(path), "--out", str(out),
         "--tries", "3", "--timeout", "2", "--first_wait", "0.01", *flags],
        cwd=conftest.SOURCE / "training" / "annotate", stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "OPENAI_API_KEY": KEY})


def run(server, path, out, *flags):
    """Runs the command to its end: exit code, standard output, standard error."""
    process = start(server, path, out, *flags)
    said, complained = process.communicate(timeout=120)
    return process.returncode, said, complained


def lines(path):
    """The whole lines of a file, read as JSON."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def accepted(out):
    return {entry["id"]: entry for entry in lines(out / "accepted.jsonl")}


def reasons(out):
    return {entry["id"]: entry["reason"] for entry in lines(out / "refused.jsonl")}
