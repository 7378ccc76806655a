"""The rules for pods hold in every overlay, and each rule can be broken."""

import copy

import policies
import pytest
from rendering import containers_of, name_of, pod_of, selects


def test_every_pod_keeps_the_rules(rendering):
    found = [line for each in rendering.workloads() for line in policies.violations(each)]
    assert not found, "\n".join(found)


def test_every_workload_has_one_disruption_budget(rendering):
    for workload in rendering.workloads():
        labels = pod_of(workload)["metadata"]["labels"]
        budgets = [each for each in rendering.kind("PodDisruptionBudget")
                   if selects(each["spec"]["selector"], labels)]
        # Kubernetes refuses to evict a pod that two budgets speak of.
        assert len(budgets) == 1, name_of(workload)
        assert budgets[0]["spec"]["maxUnavailable"] in (1, "10%")


def test_orchestrators_go_before_workers_and_these_before_redis(rendering):
    value = {name_of(each): each["value"] for each in rendering.kind("PriorityClass")}
    rank = {name_of(each): value[pod_of(each)["spec"]["priorityClassName"]]
            for each in rendering.workloads()}
    workers = {rank[name] for name in ("encoder", "generator", "judge")}
    assert rank["orchestrator"] > max(workers) and min(workers) > rank["redis"]


def test_the_namespace_enforces_the_restricted_standard(rendering):
    labels = rendering.one("Namespace", "stagebeam")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def main_container(pod):
    return pod["spec"]["containers"][0]


# How each rule is broken: by its name, what to do to a pod.
BREAKS = {
    "runs_as_root": [
        lambda pod: pod["spec"]["securityContext"].update(runAsUser=0),
        lambda pod: main_container(pod)["securityContext"].update(runAsNonRoot=False)],
    "may_write_to_its_image": [
        lambda pod: main_container(pod)["securityContext"].pop("readOnlyRootFilesystem")],
    "is_privileged": [
        lambda pod: main_container(pod)["securityContext"].update(privileged=True),
        lambda pod: main_container(pod)["securityContext"].pop("allowPrivilegeEscalation"),
        lambda pod: pod["spec"].update(hostNetwork=True),
        lambda pod: pod["spec"]["volumes"].append({"name": "host", "hostPath": {"path": "/"}})],
    "keeps_capabilities": [
        lambda pod: main_container(pod)["securityContext"].pop("capabilities"),
        lambda pod: main_container(pod)["securityContext"]["capabilities"].update(add=["NET_RAW"])],
    "lacks_seccomp": [
        lambda pod: pod["spec"]["securityContext"].pop("seccompProfile")],
    "holds_a_token": [
        lambda pod: pod["spec"].pop("automountServiceAccountToken")],
    "lacks_probes": [
        lambda pod, probe=probe: main_container(pod).pop(probe) for probe in policies.PROBES],
    "lacks_limits": [
        lambda pod: main_container(pod)["resources"]["limits"].pop("memory"),
        lambda pod: main_container(pod)["resources"]["requests"].pop("cpu"),
        lambda pod: pod["spec"]["initContainers"][0].pop("resources")],
    "asks_for_more_than_its_limit": [
        lambda pod: main_container(pod)["resources"]["requests"].update(memory="1Ti")],
    "has_a_floating_image": [
        lambda pod: main_container(pod).update(image="registry:5000/judge"),
        lambda pod: main_container(pod).update(image="judge:latest")],
    "fills_its_node": [
        lambda pod: pod["spec"]["volumes"].append({"name": "scratch", "emptyDir": {}}),
        lambda pod: pod["spec"]["volumes"].append(
            {"name": "scratch", "emptyDir": {"sizeLimit": "1Ti"}})],
}


def test_every_rule_has_a_way_to_be_broken():
    assert BREAKS.keys() == {rule.__name__ for rule in policies.RULES}


@pytest.mark.parametrize("rule, spoil", [
    pytest.param(rule, spoil, id=f"{rule}-{i}")
    for rule, ways in BREAKS.items() for i, spoil in enumerate(ways)])
def test_a_pod_that_breaks_a_rule_is_found(renderings, rule, spoil):
    workload = copy.deepcopy(renderings["dev"].one("Deployment", "judge"))
    assert containers_of(pod_of(workload))
    spoil(pod_of(workload))
    found = policies.violations(workload)
    assert found and all(f": {rule}: " in line for line in found), found
