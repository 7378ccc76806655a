#!/usr/bin/env python3
"""Checks what an image's root file system must not hold, and that its program's
libraries are all there.

  inspect_root.py ROOT TARGET

No compiler, no Python, no weights; no libtorch but where a program runs the
model. Needs root, for it asks the image's own dynamic linker.
"""

import pathlib
import subprocess
import sys

WITH_MODEL = {"encoder", "generator", "judge", "generator-judge"}
FORBIDDEN_PROGRAMS = ("gcc*", "g++*", "cc", "c++", "clang*", "ld", "cmake", "ninja", "python*",
                      "*-linux-gnu-g*")
FOLDERS = ("usr/bin", "usr/local/bin", "bin", "opt/stagebeam/bin")


def forbidden(root, target):
    """What is there and must not be."""
    for folder in FOLDERS:
        for pattern in FORBIDDEN_PROGRAMS:
            yield from (root / folder).glob(pattern)
    if target != "reference-checkpoint":
        yield from root.glob("**/*.safetensors")
    yield from root.glob("usr/lib/python3*")
    if target not in WITH_MODEL:
        yield from root.glob("**/libtorch*")
        yield from root.glob("**/libc10*")


def libraries(root, program):
    """What the image's dynamic linker says of a program, a line a library."""
    answer = subprocess.run(["chroot", root, "/usr/bin/ldd", "/" + str(program.relative_to(root))],
                            capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


def check_libraries(root, target, program):
    lines = libraries(root, program)
    problems = [line.strip() for line in lines if "not found" in line]
    torch = [line.split()[0] for line in lines if "torch" in line or "libc10" in line]
    if bool(torch) != (target in WITH_MODEL):
        problems.append(f"libtorch among its libraries: {torch}")
    print(f"      {program.name}: {len(lines)} libraries, of libtorch: "
          + (", ".join(torch) or "none"))
    return problems


def main():
    root, target = pathlib.Path(sys.argv[1]), sys.argv[2]
    problems = [f"/{path.relative_to(root)}" for path in forbidden(root, target)]
    for program in sorted((root / "opt/stagebeam/bin").glob("stagebeam*")):
        problems += check_libraries(root, target, program)
    if problems:
        sys.exit(f"{target}: must not be so:\n  " + "\n  ".join(problems))


if __name__ == "__main__":
    main()
