"""A Prometheus that watches a cluster on this machine."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

from companion import Companion
from plan import HOST

NAMESPACE = "stagebeam"


def job_of(process):
    """What kind of service a process of cluster.json is: "generator" of "generator-2"."""
    return re.sub(r"-\d+$", "", process["name"])


def make_config(processes, interval, rule_files):
    """prometheus.yml as JSON, which is YAML too: every metrics page, by kind of service.

    Labels are those of the PodMonitor in deploy/k8s, so that the same queries work.
    """
    jobs = {}
    for process in processes:
        if process["metrics_port"]:
            jobs.setdefault(job_of(process), []).append(
                {"targets": [f"{HOST}:{process['metrics_port']}"],
                 "labels": {"namespace": NAMESPACE, "pod": process["name"]}})
    return json.dumps({
        "global": {"scrape_interval": interval, "scrape_timeout": interval,
                   "evaluation_interval": interval},
        "rule_files": rule_files,
        "scrape_configs": [
            {"job_name": job, "static_configs": targets} for job, targets in jobs.items()],
    }, indent=2)


class Prometheus(Companion):
    """One running Prometheus, with its files in `folder`."""

    def __init__(self, folder, port=0):
        super().__init__("prometheus", folder, port)

    def start(self, processes, rules, interval="1s", consoles=None):
        """Scrapes `processes` of cluster.json and evaluates `rules`, a rule file's text.

        `consoles` is a folder of pages that it serves under /consoles/. StartError shows why
        it does not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "rules.yml").write_text(rules)
        config = self.folder / "prometheus.yml"
        config.write_text(make_config(processes, interval, ["rules.yml"]))
        pages = ["--web.console.templates=" + str(consoles)] if consoles else []
        self.launch(f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'data'}",
                    f"--web.listen-address={HOST}:{self.port}", "--log.level=warn", *pages,
                    ready="/-/ready")

    def ask(self, path, **parameters):
        """The data that the API answers; ValueError holds what is wrong with the question."""
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from None

    def query(self, expression):
        """[(labels, value)] of an instant query."""
        found = self.ask("query", query=expression)
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(each["metric"], float(each["value"][1])) for each in found["result"]]
