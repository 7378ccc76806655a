#!/usr/bin/env python3
"""Runs the program of an unpacked image the way a strict pod does.

  run_image.py --root DIR --config FILE [--bind HOST:INSIDE[:rw]] [--] [ARGUMENT...]

DIR is the image's root file system and FILE what `buildah inspect --type image`
prints of it, which says the program, its environment and its user. The program
sees DIR read-only, a /dev of a few devices, and what is bound; it is no root, has
no capability, and can gain none. It takes this process's place, so signals reach
it and its exit is this one's. The network is the machine's. Needs root; works
without a container runtime, which many build machines lack.
"""

import argparse
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
DEVICES = ("null", "zero", "full", "random", "urandom")
# Handed on from this process's environment, as a pod's manifest would name them.
HANDED_ON = ("OMP_WAIT_POLICY", "STAGEBEAM_SERVER", "WEIGHTS_TOKEN_FILE")
INSIDE_NAMESPACE = "STAGEBEAM_IN_NAMESPACE"


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--config", type=pathlib.Path, required=True)
    parser.add_argument("--bind", action="append", default=[], metavar="HOST:INSIDE[:rw]")
    parser.add_argument("arguments", nargs="*")
    own = sys.argv[1:]
    cut = own.index("--") if "--" in own else len(own)
    args = parser.parse_args(own[:cut])
    args.arguments += own[cut + 1:]
    return args


def enter_namespace():
    """Starts this program again where its mounts are its own."""
    if os.environ.get(INSIDE_NAMESPACE) != str(os.getpid()):
        os.environ[INSIDE_NAMESPACE] = str(os.getpid())
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    del os.environ[INSIDE_NAMESPACE]


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def bind(source, target, *, read_only=True):
    mount("--bind", source, target)
    if read_only:
        mount("-o", "remount,bind,ro", target)


def make_devices(root):
    mount("-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", root / "dev")
    for name in DEVICES:
        (root / "dev" / name).touch()
        mount("--bind", pathlib.Path("/dev") / name, root / "dev" / name)
    mount("-o", "remount,ro", root / "dev")


def make_volumes(root, binds):
    """Mounts volumes on folders that a runtime would make before it starts."""
    for host, inside, *mode in binds:
        target = root / pathlib.PurePosixPath(inside).relative_to("/")
        target.mkdir(parents=True, exist_ok=True)
        bind(host, target, read_only=mode != ["rw"])


def prepare_root(root, binds):
    mount("--bind", root, root)
    make_devices(root)
    mount("-t", "proc", "-o", "ro,nosuid,nodev,noexec", "proc", root / "proc")
    make_volumes(root, binds)
    mount("-o", "remount,bind,ro,nosuid,nodev", root)


def prctl(option, value):
    if LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def become(user, group):
    """Gives every right up for good. `user` and `group` are not root."""
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(last + 1):
        prctl(PR_CAPBSET_DROP, capability)
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    # Forgotten at the change of user: whoever started this ends it.
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def user_of(config):
    """Numbers of user and group; a name could be root by the image's own files."""
    user, _, group = config.get("User", "").partition(":")
    if not (user.isdigit() and group.isdigit() and int(user) and int(group)):
        sys.exit(f"the image's user must be two numbers, not root's; it is '{user}:{group}'")
    return int(user), int(group)


def main():
    args = parse()
    config = json.loads(args.config.read_text())["OCIv1"]["config"]
    user, group = user_of(config)
    enter_namespace()
    prepare_root(args.root, [each.split(":") for each in args.bind])
    os.chroot(args.root)
    os.chdir(config.get("WorkingDir") or "/")
    become(user, group)
    environment = dict(each.split("=", 1) for each in config.get("Env") or [])
    handed_on = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    command = [*config["Entrypoint"], *args.arguments]
    os.execve(command[0], command, {**environment, **handed_on})


if __name__ == "__main__":
    main()
