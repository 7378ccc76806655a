"""What the autoscalers ask for: queries of prometheus-adapter's rules, and KEDA's."""

import re

import yaml
from rendering import MANIFESTS

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
            for each in rendering.kind("ScaledObject") for trigger in each["spec"]["triggers"]
            if trigger["type"] == "prometheus"}


def series_asked_for(rendering):
    """{(Deployment, series)} of what its autoscaler of either kind reads."""
    found = {(name, series) for (name, _), query in keda_queries(rendering).items()
             for series in series_in(query)}
    rules = adapter_rules()
    for scaler in rendering.kind("HorizontalPodAutoscaler"):
        for metric in scaler["spec"]["metrics"]:
            if metric["type"] == "Pods":
                query = query_of(rules[metric["pods"]["metric"]["name"]], "any")
                found |= {(scaler["metadata"]["name"], series) for series in series_in(query)}
    return found


def series_in(query):
    return set(re.findall(r"\bstagebeam_\w+", query))
