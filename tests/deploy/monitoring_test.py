"""Dashboards, rules and runbook fit together; promtool checks and runs the rules."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MONITORING = SOURCE / "deploy" / "k8s" / "components" / "monitoring"
RULE_TESTS = SOURCE / "tests" / "deploy" / "rules"
RUNBOOK = SOURCE / "docs" / "runbook.md"
sys.path.insert(0, str(MONITORING))

import make_dashboards  # noqa: E402
import rule_groups  # noqa: E402

ALERT = re.compile(r"^ +- alert: (\w+)$", re.MULTILINE)
# What a test of a rule asks of an alert: none, or some.
ASKED = re.compile(r"^ +alertname: (\w+)\n +exp_alerts:( \[\])?$", re.MULTILINE)
SECTION = re.compile(r"^### (\w+)$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def promtool(*arguments, folder=None):
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, cwd=folder)


class Rules(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-rules-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rules = rule_groups.rule_file()
        (self.folder / "rules.yaml").write_text(self.rules)
        self.alerts = ALERT.findall(self.rules)

    def test_promtool_finds_nothing_wrong_with_them(self):
        checked = promtool("check", "rules", "rules.yaml", folder=self.folder)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertGreater(len(self.alerts), 10)

    def test_promtool_finds_what_is_wrong(self):
        (self.folder / "rules.yaml").write_text(self.rules.replace("rate(", "rat("))
        checked = promtool("check", "rules", "rules.yaml", folder=self.folder)
        self.assertNotEqual(checked.returncode, 0)

    def test_alerts_fire_and_keep_quiet_as_their_tests_say(self):
        for test in RULE_TESTS.glob("*.yaml"):
            shutil.copy(test, self.folder)
            ran = promtool("test", "rules", test.name, folder=self.folder)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_every_alert_is_made_to_fire_and_to_keep_quiet(self):
        asked = [each for test in RULE_TESTS.glob("*.yaml")
                 for each in ASKED.findall(test.read_text())]
        fires = {name for name, none in asked if not none}
        quiet = {name for name, none in asked if none}
        self.assertEqual(fires, set(self.alerts))
        self.assertEqual(quiet, set(self.alerts))

    def test_every_alert_says_how_bad_it_is_and_where_the_runbook_is(self):
        for block in self.rules.split("- alert: ")[1:]:
            name = block.split()[0]
            self.assertRegex(block, r"severity: (critical|warning)\n", name)
            self.assertIn(f"runbook_url: docs/runbook.md#{name.lower()}\n", block + "\n")

    def test_the_runbook_has_a_complete_section_for_every_alert_and_no_other(self):
        sections = dict(SECTION.findall(RUNBOOK.read_text()))
        self.assertEqual(sections.keys(), set(self.alerts))
        for name, text in sections.items():
            for part in ("**Meaning.**", "**Look at.**", "**Do.**"):
                self.assertIn(part, text, name)


class Dashboards(unittest.TestCase):
    def test_the_files_are_what_the_boards_make(self):
        self.assertEqual(make_dashboards.differences(make_dashboards.texts()), [])

    def test_panels_are_named_explained_and_do_not_overlap(self):
        for path in make_dashboards.texts():
            taken = set()
            for panel in json.loads(path.read_text())["panels"]:
                self.assertTrue(panel["title"])
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24)
                cells = {(place["x"] + x, place["y"] + y)
                         for x in range(place["w"]) for y in range(place["h"])}
                self.assertFalse(cells & taken, panel["title"])
                taken |= cells
                if panel["type"] != "row":
                    self.assertTrue(panel["description"] and panel["targets"], panel["title"])

    def test_a_file_that_was_edited_by_hand_is_noticed(self):
        wanted = make_dashboards.texts()
        path = next(iter(wanted))
        wanted[path] += " "
        self.assertEqual(len(make_dashboards.differences(wanted)), 1)


if __name__ == "__main__":
    unittest.main()
