"""What `make dashboard` starts: pages that Prometheus serves, until Ctrl-C."""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LOCAL = SOURCE / "deploy" / "local"
DASHBOARDS = SOURCE / "deploy" / "k8s" / "components" / "monitoring" / "dashboards"
ARGS = None
PAGE = re.compile(r"http://127\.0\.0\.1:\d+/consoles/([\w-]+)\.html")
BOARD = re.compile(r'<script id="board" type="application/json">(.*?)</script>', re.DOTALL)


class Dashboard(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-dashboard-")
        self.addCleanup(folder.cleanup)
        self.state = pathlib.Path(folder.name)
        self.process = subprocess.Popen(
            [sys.executable, LOCAL / "cluster.py", "run", "--state", self.state, "--binaries",
             ARGS.bin, "--", sys.executable, LOCAL / "dashboard.py", "--state", self.state,
             "--program", pathlib.Path(ARGS.bin) / "stagebeam"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.addCleanup(self.stop)

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def printed(self):
        """What it prints until it says how to end it."""
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                return "".join(lines)
        self.fail("".join(lines))

    def test_it_shows_every_dashboard_and_goes_at_ctrl_c(self):
        text = self.printed()
        pages = {match[1]: match[0] for match in PAGE.finditer(text)}
        self.assertEqual(pages.keys(), {path.stem for path in DASHBOARDS.glob("*.json")})
        for name, address in pages.items():
            page = urllib.request.urlopen(address, timeout=10).read().decode()
            shown = json.loads(BOARD.search(page)[1])
            self.assertEqual(shown, json.loads((DASHBOARDS / f"{name}.json").read_text()))
        prometheus = next(iter(pages.values())).partition("/consoles")[0]
        os.killpg(self.process.pid, signal.SIGINT)
        self.assertEqual(self.process.wait(120), 128 + signal.SIGINT)
        self.assertFalse((self.state / "cluster.json").exists())
        with self.assertRaises(OSError):
            urllib.request.urlopen(prometheus, timeout=10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
