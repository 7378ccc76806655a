"""Images that pods run are those that deploy/docker makes."""

import re

from rendering import SOURCE, containers_of, pod_of

DOCKERFILE = SOURCE / "deploy" / "docker" / "Dockerfile"
# Made by others.
FOREIGN = {"redis", "oliver006/redis_exporter"}


def image_of(container):
    """(name without registry, tag)."""
    name, _, tag = container["image"].rpartition(":")
    return name.removeprefix("registry.example.com/"), tag


def images_of(rendering):
    return {image_of(container) for each in rendering.workloads()
            for container in containers_of(pod_of(each))}


def targets():
    return set(re.findall(r"^FROM .* AS (\S+)$", DOCKERFILE.read_text(), re.M))


def version():
    return re.search(r"^project\(stagebeam VERSION ([\d.]+)",
                     (SOURCE / "CMakeLists.txt").read_text(), re.M).group(1)


def test_every_image_of_ours_can_be_built(rendering):
    ours = {name for name, _ in images_of(rendering)} - FOREIGN
    assert len(ours) == 5
    for name in ours:
        owner, _, target = name.partition("/")
        assert owner == "stagebeam" and target in targets(), name


def test_versions_are_this_one_and_gpus_get_the_cuda_variant(renderings):
    for overlay, rendering in renderings.items():
        for name, tag in images_of(rendering):
            if name in FOREIGN:
                continue
            on_gpu = overlay in ("gpu", "large") and name.removeprefix("stagebeam/") in (
                "encoder", "generator", "judge")
            assert tag == version() + ("-cuda" if on_gpu else ""), f"{overlay}: {name}"


def test_pods_run_as_the_user_of_their_images(rendering):
    users = set(re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE.read_text(), re.M))
    assert len(users) == 1
    uid, gid = map(int, *users)
    for workload in rendering.services().values():
        context = pod_of(workload)["spec"]["securityContext"]
        assert (context["runAsUser"], context["runAsGroup"]) == (uid, gid)
        # Of volumes, which the init container writes.
        assert context["fsGroup"] == gid


def test_arguments_are_all_that_pods_give_to_images_of_ours(rendering):
    """Their entry points are the programs."""
    for workload in rendering.services().values():
        for container in containers_of(pod_of(workload)):
            assert "command" not in container and container["args"]
