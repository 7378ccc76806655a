"""Flags in manifests are flags of the programs, with values that they read."""

import re
import subprocess

import pytest
from flagfiles import arguments_of, flags_of, lines_of
from rendering import MANIFESTS, main_of, pod_of, quantity

MODELS = ("encoder", "generator", "judge")


def program(binaries, service):
    return binaries / f"stagebeam-{service}"


def read_by(binaries, service, arguments):
    """What the program says to its arguments: it reads all before it helps."""
    return subprocess.run([program(binaries, service), *arguments, "--help"],
                          capture_output=True, text=True)


def known_flags(binaries, service):
    page = read_by(binaries, service, []).stdout
    return set(re.findall(r"^  --(\w+)=", page, re.M))


def test_programs_read_every_flag_of_every_overlay(rendering, binaries):
    for service, workload in rendering.services().items():
        arguments = arguments_of(rendering, workload)
        assert len(arguments) > 5
        assert {each.partition("=")[0][2:] for each in arguments} <= known_flags(binaries, service)
        run = read_by(binaries, service, arguments)
        assert run.returncode == 0, f"{service}: {run.stderr}"


def test_flagfiles_are_as_the_programs_read_them(renderings, binaries, tmp_path):
    """Comments and all, which the other tests leave out."""
    for file in sorted(MANIFESTS.rglob("*.flags")):
        assert lines_of(file.read_text()), file
        services = [file.stem] if file.stem in renderings["dev"].services() else MODELS[1:]
        for service in services:
            run = read_by(binaries, service, [f"--flagfile={file}"])
            assert run.returncode == 0, f"{file} by {service}: {run.stderr}"


@pytest.mark.parametrize("argument, complaint", [
    ("--drain_timeouts=5m", "drain_timeouts"),
    ("--drain_timeout=long", "drain_timeout"),
    ("--flagfile=/etc/stagebeam/flags/missing.flags", "missing.flags")])
def test_a_flag_that_the_programs_do_not_read_is_found(binaries, argument, complaint):
    for service in (*MODELS, "orchestrator"):
        run = read_by(binaries, service, [argument])
        assert run.returncode != 0 and complaint in run.stderr


def test_models_have_as_many_threads_as_processors(rendering):
    for service in MODELS:
        workload = rendering.services()[service]
        limits = main_of(workload)["resources"]["limits"]
        assert int(flags_of(rendering, workload)["threads"]) == quantity(limits["cpu"]), service


def test_what_flags_let_a_program_keep_fits_its_memory(rendering):
    """Features lie in memory; keys and values do where there is no GPU."""
    for service in MODELS:
        workload = rendering.services()[service]
        flags = flags_of(rendering, workload)
        names = ["feature_memory_bytes"]
        if flags.get("device", "cpu") == "cpu":
            names += ["kv_bytes", "image_bytes"]
        kept = sum(int(flags.get(name, 0)) for name in names)
        limit = quantity(main_of(workload)["resources"]["limits"]["memory"])
        # The rest is for the program, its weights and what a step computes.
        assert kept <= 0.75 * limit, service


def test_gpus_are_asked_for_where_the_flags_use_them(rendering):
    for service in MODELS:
        workload = rendering.services()[service]
        flags = flags_of(rendering, workload)
        limits = main_of(workload)["resources"]["limits"]
        on_gpu = flags.get("device", "cpu").startswith("cuda:")
        assert on_gpu == ("nvidia.com/gpu" in limits)
        if on_gpu:
            assert flags["dtype"] == "bfloat16"
            assert any(each["key"] == "nvidia.com/gpu"
                       for each in pod_of(workload)["spec"]["tolerations"])


def test_the_gpu_overlays_run_models_on_gpus_and_the_others_do_not(renderings):
    for name in ("gpu", "large"):
        for service in MODELS:
            flags = flags_of(renderings[name], renderings[name].services()[service])
            assert flags["device"] == "cuda:0"
    for service in MODELS:
        assert "device" not in flags_of(renderings["dev"], renderings["dev"].services()[service])


def test_addresses_are_those_of_services(rendering):
    """Every host that a flag names is a headless Service, or a pod of Redis."""
    for service, workload in rendering.services().items():
        for name in ("encoders", "generators", "judges", "encoder"):
            address = flags_of(rendering, workload).get(name)
            if address is None:
                continue
            host, port = re.fullmatch(r"dns:///([\w-]+):(\d+)", address).groups()
            target = rendering.one("Service", host)["spec"]
            assert target["clusterIP"] == "None" and target["ports"][0]["port"] == int(port)
            assert host.startswith(name.removesuffix("s")), f"{service}: --{name}={address}"


def test_workers_know_every_redis_and_no_more(rendering):
    redis = rendering.one("StatefulSet", "redis")["spec"]
    wanted = {f"redis-{i}.{redis['serviceName']}:6379" for i in range(redis["replicas"])}
    for service in MODELS:
        flags = flags_of(rendering, rendering.services()[service])
        assert set(flags["redis"].split(",")) == wanted, service
