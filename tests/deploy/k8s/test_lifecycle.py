"""A pod that leaves has the time that its calls take."""

import re

import pytest
from flagfiles import flags_of
from rendering import SOURCE, labels_of, main_of, pod_of, selects

UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(duration):
    """What 5m or 1m30s is in seconds."""
    parts = re.findall(r"(\d+)([smh])", duration)
    assert "".join(map("".join, parts)) == duration, duration
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def seconds_after_the_drain():
    """How long the server takes for the rest, by its own constants."""
    source = (SOURCE / "libs" / "serving" / "server.cc").read_text()
    found = re.findall(r"k(?:Cancel|Transport)Grace = absl::Seconds\((\d+)\)", source)
    assert len(found) == 2
    return sum(map(int, found))


def pause_before_the_drain(workload):
    return main_of(workload)["lifecycle"]["preStop"]["sleep"]["seconds"]


def test_durations_are_read():
    assert seconds("5m") == 300 and seconds("1m30s") == 90
    with pytest.raises(AssertionError):
        seconds("5 minutes")


def test_the_grace_period_holds_pause_and_drain(rendering):
    for name, workload in rendering.services().items():
        drain = seconds(flags_of(rendering, workload)["drain_timeout"])
        needed = pause_before_the_drain(workload) + drain + seconds_after_the_drain()
        assert pod_of(workload)["spec"]["terminationGracePeriodSeconds"] > needed, name


def test_no_drain_cuts_an_answer_short(rendering):
    services = rendering.services()
    longest = seconds(flags_of(rendering, services["orchestrator"])["max_answer_time"])
    for name, workload in services.items():
        assert seconds(flags_of(rendering, workload)["drain_timeout"]) >= longest, name


def test_clients_hear_of_a_leaving_pod_before_it_drains(rendering):
    """Names resolve to ready pods only, so a pod that leaves must first stay."""
    for name, workload in rendering.services().items():
        assert pause_before_the_drain(workload) >= 2, name


def fewest_replicas(rendering, name):
    """Of a Deployment, or what its autoscaler leaves of it."""
    for scaler in rendering.kind("HorizontalPodAutoscaler", "ScaledObject"):
        if scaler["spec"]["scaleTargetRef"]["name"] == name:
            return scaler["spec"].get("minReplicas") or scaler["spec"]["minReplicaCount"]
    return rendering.one("Deployment", name)["spec"]["replicas"]


def test_a_rollout_leaves_a_replica_that_answers(rendering):
    for name, workload in rendering.services().items():
        rollout = workload["spec"]["strategy"]["rollingUpdate"]
        if rollout["maxUnavailable"] == 0:
            assert rollout["maxSurge"] >= 1, name
        else:
            assert fewest_replicas(rendering, name) >= 2, name


def test_a_node_that_is_drained_leaves_a_replica_but_in_dev(renderings):
    for overlay in renderings.keys() - {"dev"}:
        for name in renderings[overlay].services():
            assert fewest_replicas(renderings[overlay], name) >= 2, f"{overlay}: {name}"


def test_large_spreads_every_workload_over_zones_and_nodes(renderings):
    workloads = renderings["large"].workloads()
    assert len(workloads) == 5
    for workload in workloads:
        pod = pod_of(workload)
        keys = set()
        for constraint in pod["spec"]["topologySpreadConstraints"]:
            assert selects(constraint["labelSelector"], labels_of(pod))
            # Pods are counted with those of their own service only.
            assert constraint["matchLabelKeys"] == ["app.kubernetes.io/name"]
            keys.add(constraint["topologyKey"])
        assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}


def test_large_has_several_redis_and_dev_one_of_each(renderings):
    assert renderings["large"].one("StatefulSet", "redis")["spec"]["replicas"] > 1
    for workload in renderings["dev"].workloads():
        assert workload["spec"]["replicas"] == 1
