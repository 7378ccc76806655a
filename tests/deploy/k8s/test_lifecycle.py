"""A pod that leaves has the time that its calls take."""

import re

import pytest
from flagfiles import flags_of
from rendering import SOURCE, main_of, pod_of

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
