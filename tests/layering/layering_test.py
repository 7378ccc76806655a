"""Holds sources, targets and programs to the table of rooms in rooms.json."""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TABLE = json.loads(pathlib.Path(__file__).with_name("rooms.json").read_text())
ROOMS = TABLE["rooms"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
MAX_MAIN_LINES = 60
# Kinds that a room may use unless its row says never.
FREE = ("absl_time", "threads", "clocks")
# Folders of the C library.
SYSTEM = ("arpa/", "linux/", "net/", "netinet/", "sys/")
# Programs that must start on a machine without libtorch.
TORCHLESS = ("stagebeam-orchestrator", "stagebeam")
ARGS = argparse.Namespace(link_graph=None, bin=None)


def sources(room):
    """The C++ files of a room."""
    return sorted(p for p in (SOURCE / room).rglob("*") if p.suffix in (".cc", ".h"))


def includes(path):
    """(is quoted, name) of every include of a file."""
    return [(quote == '"', name) for quote, name in INCLUDE.findall(path.read_text())]


def kind_of(name, patterns):
    """The kind whose patterns `name` matches best: the longest match wins."""
    hits = [(len(match.group()), kind) for kind, regexes in patterns.items() for regex in regexes
            if (match := re.match(regex + ("" if regex[-1] == "/" else "$"), name))]
    return max(hits)[1] if hits else None


def room_of(name):
    """The room that a repository path belongs to, if any."""
    return next((room for room in ROOMS if name.startswith(room + "/")), None)


def may_use_room(room, other):
    allowed = [room, *ROOMS[room]["rooms"]]
    return any(re.fullmatch(pattern, other) for pattern in allowed)


def forbidden_include(room, name):
    """Why a file of `room` may not include `name`; None where it may."""
    other = room_of(name)
    if other:
        return None if may_use_room(room, other) else f"sees {other}"
    kind = kind_of(name, TABLE["kinds"])
    if kind is None and "/" in name and not name.startswith(SYSTEM):
        return "sees something unknown to rooms.json"
    if kind is None or kind in ROOMS[room]["kinds"]:
        return None
    if kind in FREE and kind not in ROOMS[room].get("never", []):
        return None
    return f"sees {kind}"


class Includes(unittest.TestCase):
    def test_rooms_see_only_what_their_row_allows(self):
        for room in ROOMS:
            for path in sources(room):
                for _, name in includes(path):
                    why = forbidden_include(room, name)
                    self.assertIsNone(why, f"{path.relative_to(SOURCE)} {why}: {name}")

    def test_no_header_sees_torch(self):
        for folder in ("libs", "services", "cli", "tests", "benchmarks"):
            for path in (SOURCE / folder).rglob("*.h"):
                kinds = [kind_of(name, TABLE["kinds"]) for _, name in includes(path)]
                self.assertNotIn("torch", kinds, path)

    def test_torch_comes_by_operator_headers(self):
        for path in sources("libs/engine") + sources("benchmarks"):
            names = [name for _, name in includes(path)]
            for whole in ("torch/torch.h", "torch/all.h", "ATen/ATen.h"):
                self.assertNotIn(whole, names, path)

    def test_hiredis_stays_in_its_files(self):
        for path in sources("libs/features"):
            if not path.name.startswith("redis_") or path.suffix == ".h":
                kinds = [kind_of(name, TABLE["kinds"]) for _, name in includes(path)]
                self.assertNotIn("hiredis", kinds, path)

    def test_the_table_knows_every_room(self):
        found = {str(p.parent.relative_to(SOURCE)) for base in ("libs", "services")
                 for p in (SOURCE / base).glob("*/*.cc")}
        self.assertLessEqual(found, set(ROOMS))

    def test_a_forbidden_include_is_found(self):
        self.assertEqual(forbidden_include("libs/search", "grpcpp/grpcpp.h"), "sees grpc")
        self.assertEqual(forbidden_include("libs/search", "thread"), "sees threads")
        self.assertEqual(forbidden_include("libs/remote", "libs/engine/engine.h"),
                         "sees libs/engine")
        self.assertEqual(forbidden_include("services/judge", "services/generator/config.h"),
                         "sees services/generator")
        self.assertEqual(forbidden_include("libs/pixels", "boost/any.hpp"),
                         "sees something unknown to rooms.json")
        self.assertIsNone(forbidden_include("libs/engine", "libs/tokens/tokenizer.h"))


class Programs(unittest.TestCase):
    def test_mains_are_short(self):
        mains = sorted(SOURCE.glob("services/*/main.cc")) + [SOURCE / "cli" / "main.cc"]
        for path in mains:
            self.assertLessEqual(len(path.read_text().splitlines()), MAX_MAIN_LINES, path)

    def test_programs_without_torch_link_none(self):
        for name in TORCHLESS:
            program = pathlib.Path(ARGS.bin) / name
            listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
            self.assertIn("libgrpc", listing.stdout, program)
            self.assertNotRegex(listing.stdout, r"libtorch|libc10", program)


class Links(unittest.TestCase):
    def setUp(self):
        rows = [line.split(" ", 2) for line in
                pathlib.Path(ARGS.link_graph).read_text().splitlines()]
        self.rows = [(room, target, self.libraries(names)) for room, target, names in rows]
        self.owner = {target: room for room, target, _ in self.rows}
        self.owner["stagebeam_proto"] = "proto"

    @staticmethod
    def libraries(names):
        """Splits a CMake list; generator expressions of private links are unwrapped."""
        plain = re.sub(r"\$<LINK_ONLY:([^>]+)>", r"\1", names)
        return {n for n in plain.split(";") if n and not n.endswith("-NOTFOUND")}

    def test_targets_link_only_what_their_row_allows(self):
        for room, target, libraries in self.rows:
            for library in libraries:
                other = self.owner.get(library.replace("stagebeam::", "stagebeam_"))
                if other:
                    self.assertTrue(may_use_room(room, other), f"{target} links {library}")
                    continue
                kind = kind_of(library, TABLE["targets"])
                self.assertIsNotNone(kind, f"{target} links {library}, unknown to rooms.json")
                if kind != "system":
                    self.assertIn(kind, ROOMS[room]["kinds"], f"{target} links {library}")

    def test_the_graph_has_the_rooms(self):
        self.assertGreater(len(self.rows), 0)
        self.assertIn("libs/engine", set(self.owner.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--link_graph", required=True)
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
