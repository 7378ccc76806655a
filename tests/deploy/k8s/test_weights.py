"""Checkpoints come by an init container, never in a program's image."""

from flagfiles import flags_of
from rendering import main_of, name_of, pod_of

MODELS = ("encoder", "generator", "judge")


def loader_of(workload):
    (loader,) = pod_of(workload)["spec"]["initContainers"]
    return loader


def source_of(rendering, workload):
    variable, = loader_of(workload)["env"]
    wanted = variable["valueFrom"]["configMapKeyRef"]
    return rendering.one("ConfigMap", wanted["name"])["data"][wanted["key"]]


def models_mount(container):
    return next(each for each in container["volumeMounts"] if each["mountPath"] == "/models")


def test_what_is_loaded_is_what_the_program_reads(rendering):
    for service in MODELS:
        workload = rendering.services()[service]
        source, target = loader_of(workload)["args"]
        assert source == f"$({loader_of(workload)['env'][0]['name']})"
        assert target == flags_of(rendering, workload)["checkpoint"]
        assert target.startswith("/models/")


def test_only_the_init_container_may_write_the_volume(rendering):
    for service in MODELS:
        workload = rendering.services()[service]
        loaded, read = models_mount(loader_of(workload)), models_mount(main_of(workload))
        assert loaded["name"] == read["name"]
        assert "readOnly" not in loaded and read["readOnly"] is True


def test_the_orchestrator_loads_nothing(rendering):
    assert "initContainers" not in pod_of(rendering.services()["orchestrator"])["spec"]


def test_weights_come_by_https_on_gpus_and_in_an_image_for_dev(renderings):
    for name in ("gpu", "large"):
        for service in MODELS:
            workload = renderings[name].services()[service]
            assert source_of(renderings[name], workload).startswith("https://")
            assert loader_of(workload)["image"].endswith("stagebeam/load-weights:0.1.0")
    dev = renderings["dev"].services()["generator"]
    assert source_of(renderings["dev"], dev) == "/checkpoint"
    assert loader_of(dev)["image"] == "stagebeam/reference-checkpoint:0.1.0"


def test_a_change_of_flags_or_weights_rolls_the_pods(rendering):
    """Names of ConfigMaps carry a hash of what is in them."""
    for config in rendering.kind("ConfigMap"):
        if name_of(config).startswith(("weights", *MODELS, "orchestrator", "redis")):
            assert name_of(config).rpartition("-")[2] not in ("flags", "config", "weights")
