"""What one object says of another is true: ports, selectors, names."""

import copy
import re

import pytest
import references
from rendering import SOURCE, Rendering, containers_of, main_of, name_of, pod_of

GUIDE = SOURCE / "docs" / "kubernetes.md"


def test_every_name_names_something(rendering):
    found = references.dangling(rendering)
    assert not found, "\n".join(found)


def test_the_guide_names_every_secret_that_pods_mount(rendering):
    made = {name_of(each) for each in rendering.kind("Secret")}
    for secret in references.secrets_of(rendering) - made:
        assert f"`{secret}`" in GUIDE.read_text(), secret


def services_of_contracts():
    """Full names of the services in proto/."""
    found = set()
    for contract in (SOURCE / "proto").rglob("*.proto"):
        text = contract.read_text()
        package = re.search(r"^package (\S+);", text, re.M).group(1)
        found |= {f"{package}.{name}" for name in re.findall(r"^service (\w+)", text, re.M)}
    return found


def test_every_grpc_probe_asks_for_a_service_of_the_contracts(rendering):
    asked = {container[probe]["grpc"].get("service", "")
             for workload in rendering.workloads()
             for container in containers_of(pod_of(workload), init=False)
             for probe in ("startupProbe", "readinessProbe", "livenessProbe")
             if "grpc" in container[probe]}
    assert asked - {""} <= services_of_contracts()


def test_dev_probes_by_grpc_and_tls_by_the_metrics_page(renderings):
    for name, action in (("dev", "grpc"), ("secured", "httpGet"), ("large", "httpGet")):
        for workload in renderings[name].services().values():
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                given = main_of(workload)[probe]
                assert {"grpc", "httpGet"} & given.keys() == {action}


# What to change, and the check that must find it.
BREAKS = [
    ("Deployment", "judge", "ports_of_probes", lambda thing: main_of(thing)[
        "startupProbe"]["httpGet"].update(port="metric")),
    ("Service", "judge", "ports_of_services", lambda thing: thing["spec"]["ports"][0].update(
        targetPort="rpc")),
    ("Service", "judge", "ports_of_services", lambda thing: thing["spec"]["ports"][0].update(
        port=80)),
    ("Service", "judge", "ports_of_services", lambda thing: thing["spec"].update(
        selector={"app.kubernetes.io/name": "jury"})),
    ("PodMonitor", "stagebeam", "ports_of_monitors", lambda thing: thing["spec"][
        "podMetricsEndpoints"][0].update(port="http")),
    ("NetworkPolicy", "redis", "ports_of_network_policies", lambda thing: thing["spec"]["ingress"][
        0]["ports"][0].update(port=6380)),
    ("NetworkPolicy", "encoder", "ports_of_network_policies", lambda thing: thing["spec"]["egress"][
        0]["to"][0]["podSelector"].update(matchLabels={"app.kubernetes.io/name": "cache"})),
    ("PodDisruptionBudget", "judge", "selectors_of_budgets_and_scalers", lambda thing: thing[
        "spec"]["selector"]["matchLabels"].update({"app.kubernetes.io/name": "jury"})),
    ("ScaledObject", "judge", "selectors_of_budgets_and_scalers", lambda thing: thing["spec"][
        "scaleTargetRef"].update(name="jury")),
    ("Deployment", "judge", "objects_of_pods", lambda thing: pod_of(thing)["spec"].update(
        serviceAccountName="jury")),
    ("Deployment", "judge", "objects_of_pods", lambda thing: pod_of(thing)["spec"][
        "volumes"].pop()),
    ("Deployment", "judge", "objects_of_pods", lambda thing: pod_of(thing)["spec"][
        "initContainers"][0]["env"][0]["valueFrom"]["configMapKeyRef"].update(key="address")),
    ("StatefulSet", "redis", "objects_of_pods", lambda thing: thing["spec"].update(
        serviceName="cache")),
]


@pytest.mark.parametrize("kind, name, check, spoil", [
    pytest.param(*each, id=f"{each[2]}-{i}") for i, each in enumerate(BREAKS)])
def test_a_name_that_names_nothing_is_found(renderings, kind, name, check, spoil):
    changed = Rendering(copy.deepcopy(renderings["secured"].objects))
    spoil(changed.one(kind, name))
    found = references.dangling(changed)
    assert any(line.startswith(f"{check}: ") for line in found), found
