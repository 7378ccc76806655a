"""Runs clang-tidy over the sources of a build folder, several at a time.

A file that passed is not checked again until it, a header of the project that
it includes, its compile command or .clang-tidy changes, so a second run takes
seconds.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.M)


def own_headers(path, seen):
    """Adds `path` and every header of the project that it includes to `seen`."""
    if path in seen or not path.exists():
        return
    seen.add(path)
    for name in INCLUDE.findall(path.read_text(errors="replace")):
        own_headers(SOURCE / name, seen)


def fingerprint(entry):
    """Changes with everything of the project that a file's findings hang on."""
    files = set()
    own_headers(pathlib.Path(entry["file"]), files)
    digest = hashlib.sha256(entry["command"].encode())
    protos = sorted(SOURCE.glob("proto/**/*.proto"))
    for path in [SOURCE / ".clang-tidy", *protos, *sorted(files)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check(entry, build):
    """Returns clang-tidy's findings on one file; empty where there are none."""
    command = ["clang-tidy", "--quiet", "-p", str(build), entry["file"]]
    run = subprocess.run(command, capture_output=True, text=True)
    return run.stdout + run.stderr if run.returncode else ""


def own_sources(build):
    """Compile commands of the project's own sources, generated ones left out."""
    entries = json.loads((build / "compile_commands.json").read_text())
    own = {}
    for entry in entries:
        path = os.path.relpath(entry["file"], SOURCE)
        if not path.startswith(("build", "..")):
            own[path] = entry
    return own


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=["libs", "services", "cli"],
                        help="check only paths that start with one of these")
    args = parser.parse_args()

    passed = SOURCE / "build" / "lint"
    passed.mkdir(parents=True, exist_ok=True)
    todo = {}
    for path, entry in own_sources(args.build).items():
        stamp = passed / fingerprint(entry)
        if path.startswith(tuple(args.only)) and not stamp.exists():
            todo[path] = (entry, stamp)
    print(f"clang-tidy: {len(todo)} files to check", flush=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = {pool.submit(check, entry, args.build): (path, stamp)
                for path, (entry, stamp) in todo.items()}
        for run in concurrent.futures.as_completed(runs):
            path, stamp = runs[run]
            if run.result():
                failed += 1
                print(f"{path}:\n{run.result()}", flush=True)
            else:
                stamp.touch()
    sys.exit(f"clang-tidy: {failed} files have findings" if failed else 0)


if __name__ == "__main__":
    main()
