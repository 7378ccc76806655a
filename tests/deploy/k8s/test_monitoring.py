"""Where the monitoring component is, what Prometheus and Grafana look for is there, whole."""

import pytest
import yaml
from rendering import MANIFESTS, main_of, name_of, pod_of

FOLDER = MANIFESTS / "components" / "monitoring"


@pytest.fixture
def monitored(rendering):
    """The overlays that have the component."""
    if not rendering.has("PodMonitor", "stagebeam"):
        pytest.skip("has no monitoring")
    return rendering


def test_an_overlay_is_monitored(renderings):
    assert any(each.has("PodMonitor", "stagebeam") for each in renderings.values())


def test_every_dashboard_is_there_under_the_label_that_grafana_looks_for(monitored):
    labelled = [each for each in monitored.kind("ConfigMap")
                if each["metadata"].get("labels", {}).get("grafana_dashboard") == "1"]
    shown = {file: text for each in labelled for file, text in each["data"].items()}
    assert shown == {path.name: path.read_text() for path in (FOLDER / "dashboards").iterdir()}


def test_the_rules_are_those_that_promtool_checks(monitored):
    rules = monitored.one("PrometheusRule", "stagebeam")
    assert rules["spec"] == yaml.safe_load((FOLDER / "prometheus_rule.yaml").read_text())["spec"]


def test_every_service_shows_its_metrics_where_the_pod_monitor_looks(monitored):
    monitor = monitored.one("PodMonitor", "stagebeam")["spec"]
    ports = {each["port"] for each in monitor["podMetricsEndpoints"]}
    for name, workload in monitored.services().items():
        labels = pod_of(workload)["metadata"]["labels"]
        assert monitor["selector"]["matchLabels"].items() <= labels.items()
        # Queries and alerts know services by this label's value, the job.
        assert labels[monitor["jobLabel"]] == name == name_of(workload)
        assert ports & {each["name"] for each in main_of(workload)["ports"]}
