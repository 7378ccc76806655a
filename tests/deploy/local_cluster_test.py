"""The one-machine cluster: it comes up, answers, says how it is, and goes whole."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CLUSTER = SOURCE / "deploy" / "local" / "cluster.py"
PICTURE = SOURCE / "examples" / "pictures" / "easy-vqa-color.png"
ARGS = None
WAIT_SECONDS = 120


def alive(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        return stat.rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def all_gone(pids):
    """Whether all processes end within the test's patience."""
    deadline = time.monotonic() + WAIT_SECONDS
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(alive(pid) for pid in pids)


class LocalCluster(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="stagebeam-cluster-")
        self.state = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.cluster("down")
        self.folder.cleanup()

    def cluster(self, action, *arguments):
        command = [sys.executable, str(CLUSTER), action, "--state", str(self.state),
                   "--binaries", ARGS.bin, *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    def saved(self):
        return json.loads((self.state / "cluster.json").read_text())

    def pids(self):
        return [process["pid"] for process in self.saved()["processes"]]

    def ask(self, server, strategy="--strategy=single"):
        return subprocess.run(
            [pathlib.Path(ARGS.bin) / "stagebeam", "ask", "--server", server, "--image", PICTURE,
             strategy, "--temperature=0", "What color is the shape?"],
            capture_output=True, text=True)

    def test_it_comes_up_answers_and_goes(self):
        up = self.cluster("up", "--generators", "2", "--judges", "2")
        self.assertEqual(up.returncode, 0, up.stdout + up.stderr)
        names = [process["name"] for process in self.saved()["processes"]]
        self.assertEqual(names, ["redis", "encoder", "generator-1", "generator-2", "judge-1",
                                 "judge-2", "orchestrator"])
        pids = self.pids()
        asked = self.ask(f"127.0.0.1:{self.saved()['processes'][-1]['port']}")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertRegex(asked.stdout, r"\nanswer: \w+\n$")
        self.assertEqual(self.cluster("status").returncode, 0)
        self.assertEqual(self.cluster("down").returncode, 0)
        self.assertTrue(all_gone(pids))
        self.assertEqual(self.cluster("status").returncode, 1)

    def test_one_process_may_be_generator_and_judge(self):
        up = self.cluster("up", "--combined", "--flag=generator-judge:--close_at_limit")
        self.assertEqual(up.returncode, 0, up.stdout + up.stderr)
        processes = self.saved()["processes"]
        self.assertEqual([process["name"] for process in processes],
                         ["redis", "encoder", "generator-judge", "orchestrator"])
        self.assertIn("--close_at_limit", processes[2]["command"])
        pids = self.pids()
        asked = self.ask(f"127.0.0.1:{processes[-1]['port']}", "--strategy=stage-beam")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertRegex(asked.stdout, r"\nanswer: \w+\n$")
        self.assertEqual(self.cluster("status").returncode, 0)
        self.assertEqual(self.cluster("down").returncode, 0)
        self.assertTrue(all_gone(pids))

    def names(self):
        return [process["name"] for process in self.saved()["processes"]]

    def test_replicas_come_and_go_and_are_replaced(self):
        self.assertEqual(self.cluster("up").returncode, 0)
        server = f"127.0.0.1:{self.saved()['processes'][-1]['port']}"
        more = self.cluster("scale", "generators=3", "judges=2")
        self.assertEqual(more.returncode, 0, more.stderr)
        self.assertEqual(self.names(), ["redis", "encoder", "generator-1", "judge-1", "generator-2",
                                        "generator-3", "judge-2", "orchestrator"])
        listed = (self.state / "generators.addresses").read_text().splitlines()
        self.assertEqual(listed, [f"127.0.0.1:{process['port']}"
                                  for process in self.saved()["processes"]
                                  if process["name"].startswith("generator")])
        self.assertEqual(self.ask(server).returncode, 0)

        fewer = self.cluster("scale", "generators=1", "judges=1")
        self.assertEqual(fewer.returncode, 0, fewer.stderr)
        self.assertEqual(self.names(), ["redis", "encoder", "generator-1", "judge-1",
                                        "orchestrator"])
        old = self.pids()[1:-1]
        restart = self.cluster("restart")
        self.assertEqual(restart.returncode, 0, restart.stderr)
        self.assertTrue(all_gone(old))
        self.assertEqual(self.names(), ["redis", "encoder-1", "generator-4", "judge-3",
                                        "orchestrator"])
        self.assertEqual(self.cluster("status").returncode, 0)
        self.assertEqual(self.ask(server, "--strategy=stage-beam").returncode, 0)

    def test_only_what_there_is_can_be_scaled(self):
        none = self.cluster("scale", "generators=2")
        self.assertIn("no cluster is running", none.stderr)
        self.assertEqual(self.cluster("up", "--combined").returncode, 0)
        combined = self.cluster("scale", "generators=2")
        self.assertNotEqual(combined.returncode, 0)
        self.assertIn("no generator of its own", combined.stderr)
        self.assertEqual(self.cluster("restart").returncode, 0)
        self.assertEqual(self.names(), ["redis", "encoder-1", "generator-judge-1", "orchestrator"])
        self.assertEqual(self.cluster("status").returncode, 0)

    def test_a_second_one_in_the_same_folder_is_refused(self):
        self.assertEqual(self.cluster("up").returncode, 0)
        again = self.cluster("up")
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("running already", again.stderr)
        self.assertEqual(self.cluster("status").returncode, 0)

    def test_a_process_that_ended_shows_in_the_status(self):
        self.assertEqual(self.cluster("up").returncode, 0)
        os.kill(self.pids()[0], signal.SIGKILL)
        self.assertTrue(all_gone(self.pids()[:1]))
        status = self.cluster("status")
        self.assertEqual(status.returncode, 1)
        self.assertIn("ENDED", status.stdout)

    def test_nothing_outlives_a_killed_supervisor(self):
        self.assertEqual(self.cluster("up").returncode, 0)
        pids = self.pids()
        os.kill(self.saved()["supervisor"], signal.SIGKILL)
        self.assertTrue(all_gone(pids))

    def test_run_gives_the_commands_code_and_stops(self):
        command = f"cp {self.state}/cluster.json {self.state}/copy.json && exit 7"
        run = self.cluster("run", "--", "sh", "-c", command)
        self.assertEqual(run.returncode, 7, run.stderr)
        saved = json.loads((self.state / "copy.json").read_text())
        self.assertTrue(all_gone([process["pid"] for process in saved["processes"]]))
        self.assertFalse((self.state / "cluster.json").exists())

    def test_a_service_that_does_not_start_is_named_and_the_rest_goes(self):
        up = self.cluster("up", "--flag=judge:--threads=-1")
        self.assertNotEqual(up.returncode, 0)
        self.assertIn("judge-1 ended with code", up.stderr)
        self.assertIn("threads", up.stderr)
        self.assertEqual(self.cluster("status").returncode, 1)

    def test_counts_that_are_none_are_named(self):
        for arguments, part in ((("scale",), "REPLICAS=N"), (("scale", "cooks=1"), "'cooks=1'"),
                                (("scale", "judges=0"), "'judges=0'"), (("restart", "judges=1"),
                                                                        "REPLICAS=N")):
            wrong = self.cluster(*arguments)
            self.assertEqual(wrong.returncode, 2)
            self.assertIn(part, wrong.stderr.splitlines()[-1])

    def test_mistakes_are_one_clear_line(self):
        for arguments, part in ((("--checkpoint", "/no/model"), "no config.json in /no/model"),
                                (("--judges", "0"), "--judges: must be at least 1"),
                                (("--combined", "--judges", "2"), "--combined: is one process"),
                                (("--combined", "--flag", "judge:--method=write"),
                                 "with a SERVICE of encoder, generator-judge, orchestrator"),
                                (("--binaries", "/no/bin"), "no stagebeam-encoder in /no/bin"),
                                (("--flag", "cook:--salt"), "--flag")):
            up = self.cluster("up", *arguments)
            self.assertNotEqual(up.returncode, 0)
            self.assertIn(part, up.stderr.splitlines()[-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
