"""A real Prometheus over a live cluster: every name and query of ours finds data.

Dashboards, rules, manifests and docs/metrics.md name metrics; here a cluster on this
machine answers questions of every kind, and each name and query is held against what it
exports.
"""

import argparse
import itertools
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LOCAL = SOURCE / "deploy" / "local"
K8S = SOURCE / "deploy" / "k8s"
MONITORING = K8S / "components" / "monitoring"
PICTURE = SOURCE / "examples" / "pictures" / "easy-vqa-color.png"
DOCUMENT = SOURCE / "docs" / "metrics.md"
sys.path[:0] = [str(LOCAL), str(MONITORING)]

import rule_groups  # noqa: E402
from load import JUDGES, STRATEGIES, Load  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from redis_exporter import RedisExporter  # noqa: E402

ARGS = None
WAIT_SECONDS = 120
NAME = re.compile(r"\bstagebeam_[a-z0-9_]+\b")
TYPE_LINE = re.compile(r"^# TYPE (\w+) (\w+)$", re.MULTILINE)
SAMPLE = re.compile(r"^(\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="')
# | `name` | type | unit | labels | meaning | decision |
ROW = re.compile(r"^\| `(stagebeam_\w+)` \| (\w+) \| [^|]+ \|([^|]*)\| [^|]+ \| [^|]+ \|$",
                 re.MULTILINE)


def cluster(action, state, *arguments):
    return subprocess.run(
        [sys.executable, LOCAL / "cluster.py", action, "--state", state, "--binaries", ARGS.bin,
         *arguments], capture_output=True, text=True)


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not after {WAIT_SECONDS} s: {what}")
        time.sleep(0.2)


def exported(processes):
    """{metric: (type, labels)} of all metrics pages; a histogram is one metric."""
    types, labels = {}, {}
    for process in processes:
        if not process["metrics_port"]:
            continue
        url = f"http://127.0.0.1:{process['metrics_port']}/metrics"
        page = urllib.request.urlopen(url, timeout=10).read().decode()
        types.update(TYPE_LINE.findall(page))
        for name, text in SAMPLE.findall(page):
            labels.setdefault(name, set()).update(set(LABEL.findall(text)) - {"le"})
    return {name: (kind, labels[name]) for name, kind in types.items()}


def series_of(metrics):
    """Every name that a query may ask for."""
    names = set()
    for name, (kind, _) in metrics.items():
        names |= ({name + end for end in ("_bucket", "_sum", "_count")}
                  if kind == "histogram" else {name})
    return names


def manifests(kind):
    """The Kubernetes objects of a kind, as the components have them."""
    objects = (each for path in (K8S / "components").rglob("*.yaml")
               for each in yaml.safe_load_all(path.read_text()))
    return [each for each in objects if isinstance(each, dict) and each.get("kind") == kind]


def adapter_rules():
    """The rules of prometheus-adapter, which make metrics of pods out of queries."""
    return yaml.safe_load(
        (K8S / "components" / "autoscaling" / "adapter_rules.yaml").read_text())["rules"]


class LiveMetrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-metrics-")
        cls.addClassCleanup(folder.cleanup)
        state = pathlib.Path(folder.name)
        # Spans are counted where they have somewhere to go; here nobody takes them.
        up = cluster("up", state, "--flag=orchestrator:--otlp_endpoint=127.0.0.1:1")
        cls.addClassCleanup(cluster, "down", state)
        if up.returncode != 0:
            raise AssertionError(up.stdout + up.stderr)
        cls.processes = json.loads((state / "cluster.json").read_text())["processes"]
        cls.prometheus = Prometheus(state / "prometheus")
        exporter = RedisExporter(state / "prometheus")
        scraped = [*cls.processes, exporter.start(cls.process("redis")["port"])]
        cls.addClassCleanup(exporter.stop)
        cls.prometheus.start(scraped, rule_groups.rule_file(), interval="1s")
        cls.addClassCleanup(cls.prometheus.stop)
        cls.ask_questions()
        cls.metrics = exported(cls.processes)

    @classmethod
    def process(cls, name):
        return next(process for process in cls.processes if process["name"] == name)

    @classmethod
    def ask_questions(cls):
        """Twice, with scrapes before, between and after: a rate needs two."""
        cls.server = f"127.0.0.1:{cls.process('orchestrator')['port']}"
        load = Load(pathlib.Path(ARGS.bin) / "stagebeam", cls.server)
        pages = 1 + sum(1 for process in cls.processes if process["metrics_port"])
        wait_for(lambda: cls.sum_of("up") == pages, "every page scraped")
        asked = 0
        for _ in range(2):
            ends = load.run(len(STRATEGIES) * len(JUDGES))
            failed = [end.stderr for end in ends if end.returncode != 0]
            if failed:
                raise AssertionError(failed)
            asked += len(ends)
            cls.await_scrape(asked)

    @classmethod
    def await_scrape(cls, asked):
        wait_for(lambda: cls.sum_of("stagebeam_orchestrator_requests_total") == asked,
                 f"{asked} questions scraped")
        # The workers' pages of the same time may come a scrape later.
        scrapes = "min(count_over_time(up[1h]))"
        seen = cls.value(scrapes)
        wait_for(lambda: cls.value(scrapes) >= seen + 2, "two more scrapes of every page")

    @classmethod
    def value(cls, expression):
        found = cls.prometheus.query(expression)
        return found[0][1] if found else math.nan

    @classmethod
    def sum_of(cls, metric):
        return cls.value(f"sum({metric})")

    def assert_has_data(self, expression, what):
        expression = expression.replace("$__rate_interval", "5m")
        try:
            found = self.prometheus.query(expression)
        except ValueError as error:
            self.fail(f"{what}: {error}\n{expression}")
        self.assertTrue(any(math.isfinite(value) for _, value in found),
                        f"{what}: no data\n{expression}")

    def test_every_query_of_every_dashboard_returns_data(self):
        count = 0
        for path in sorted((MONITORING / "dashboards").glob("*.json")):
            board = json.loads(path.read_text())
            variables = {each["name"]: each["allValue"] for each in board["templating"]["list"]
                         if each["type"] == "query"}
            for panel in board["panels"]:
                for target in panel.get("targets", ()):
                    expression = target["expr"]
                    for name, value in variables.items():
                        expression = expression.replace(f"${name}", value)
                    with self.subTest(board=path.name, panel=panel["title"]):
                        self.assert_has_data(expression, target["legendFormat"])
                        count += 1
        self.assertGreater(count, 80)

    def test_every_choice_of_a_dashboard_has_a_value(self):
        for path in sorted((MONITORING / "dashboards").glob("*.json")):
            for each in json.loads(path.read_text())["templating"]["list"]:
                if each["type"] != "query":
                    continue
                metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)",
                                             each["definition"]).groups()
                metric = metric.replace("$namespace", ".*")
                values = self.prometheus.ask(f"label/{label}/values", **{"match[]": metric})
                self.assertTrue(values, f"{path.name}: {each['name']}")
                for value in values:
                    self.assertRegex(value, f"^(?:{each['allValue']})$")

    def test_every_rule_is_evaluated_and_names_metrics_that_exist(self):
        known = series_of(self.metrics)
        groups = self.prometheus.ask("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        self.assertGreater(len(rules), 20)
        for rule in rules:
            with self.subTest(rule=rule["name"]):
                self.assertEqual(rule["health"], "ok", rule.get("lastError"))
                self.assertLessEqual(set(NAME.findall(rule["query"])), known)
                if rule["type"] == "recording":
                    self.assert_has_data(rule["query"], "rule")

    def test_queries_of_the_autoscalers_return_data(self):
        for rule in adapter_rules():
            series = rule["seriesQuery"].partition("{")[0]
            query = rule["metricsQuery"]
            for mark, text in (("<<.Series>>", series), ("<<.GroupBy>>", "pod"),
                               ("<<.LabelMatchers>>", 'namespace="stagebeam"')):
                query = query.replace(mark, text)
            self.assert_has_data(rule["seriesQuery"], "series of the adapter")
            self.assert_has_data(query, "metric of the adapter")
        triggers = [trigger for scaler in manifests("ScaledObject")
                    for trigger in scaler["spec"]["triggers"] if trigger["type"] == "prometheus"]
        self.assertTrue(triggers)
        for trigger in triggers:
            self.assert_has_data(trigger["metadata"]["query"], trigger["name"])

    def test_metrics_that_manifests_name_exist(self):
        known = series_of(self.metrics) | {rule["name"]["as"] for rule in adapter_rules()}
        for path in sorted(K8S.rglob("*.yaml")):
            with self.subTest(manifest=str(path.relative_to(SOURCE))):
                self.assertLessEqual(set(NAME.findall(path.read_text())), known)

    def test_the_document_names_what_is_exported_and_nothing_else(self):
        rows = {name: (kind, set(re.findall(r"`(\w+)`", labels)))
                for name, kind, labels in ROW.findall(DOCUMENT.read_text())}
        self.assertEqual(rows.keys(), self.metrics.keys())
        for name, row in rows.items():
            self.assertEqual(row, self.metrics[name], name)

    def test_no_label_grows_with_callers_or_replicas(self):
        for name, (_, labels) in self.metrics.items():
            self.assertLessEqual(len(self.prometheus.query(
                f'{{__name__=~"{name}(_count)?", job=~".+"}}')), 60, name)
            self.assertFalse(labels & {"session", "replica", "key", "request_id", "address"}, name)

    def test_a_missed_deadline_is_counted(self):
        # How long the question takes depends on the machine: less time each try.
        milliseconds = itertools.cycle([400, 200, 100, 50, 25])

        def ask_too_much():
            subprocess.run(
                [pathlib.Path(ARGS.bin) / "stagebeam", "ask", "--server", self.server, "--image",
                 PICTURE, "--strategy", "best-of-n", "--candidates", "64", "--temperature", "1",
                 "--timeout", f"{next(milliseconds)}ms", "What is there?"], capture_output=True)
            return self.sum_of('stagebeam_orchestrator_requests_total'
                               '{outcome="deadline_exceeded"}') > 0
        wait_for(ask_too_much, "a missed deadline")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
