"""What the autoscalers ask for: queries of prometheus-adapter's rules, and KEDA's."""

import re

import yaml
from rendering import MANIFESTS, OVERLAYS, Rendering

RULES = MANIFESTS / "components" / "autoscaling" / "adapter_rules.yaml"


def adapter_rules():
    """{name of the metric: its rule}."""
    return {rule["name"]["as"]: rule for rule in yaml.safe_load(RULES.read_text())["rules"]}


def query_of(rule, deployment):
    """What the adapter asks Prometheus for the pods of a Deployment."""
    series = rule["seriesQuery"].partition("{")[0]
    matchers = f'namespace="stagebeam",pod=~"{deployment}-.*"'
    return (rule["metricsQuery"].replace("<<.Series>>", series)
            .replace("<<.LabelMatchers>>", matchers).replace("<<.GroupBy>>", "pod"))


def keda_queries(rendering):
    """{(Deployment, trigger): query}."""
    return {(each["spec"]["scaleTargetRef"]["name"], trigger["name"]): trigger["metadata"]["query"]
            for each in rendering.kind("ScaledObject") for trigger in each["spec"]["triggers"]}


def series_in(query):
    return set(re.findall(r"\bstagebeam_\w+", query))


def series_asked_for():
    """Names of every series that one of the autoscalers reads."""
    queries = [query_of(rule, "generator") for rule in adapter_rules().values()]
    queries += keda_queries(Rendering.of(OVERLAYS["secured"])).values()
    return set().union(*map(series_in, queries))
