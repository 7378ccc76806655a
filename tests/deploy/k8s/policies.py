"""Rules for pods, beyond what Kubernetes asks. Each finds what breaks it."""

from rendering import containers_of, pod_of, quantity

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
RESOURCES = ("cpu", "memory", "ephemeral-storage")


def runs_as_root(pod):
    own = pod["spec"].get("securityContext", {})
    for container in containers_of(pod):
        context = {**own, **container.get("securityContext", {})}
        if context.get("runAsNonRoot") is not True:
            yield f"{container['name']}: runAsNonRoot is not true"
        if not context.get("runAsUser"):
            yield f"{container['name']}: runAsUser is not a number above 0"


def may_write_to_its_image(pod):
    for container in containers_of(pod):
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            yield f"{container['name']}: readOnlyRootFilesystem is not true"


def is_privileged(pod):
    spec = pod["spec"]
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{field} is set"
    for volume in spec.get("volumes", []):
        if "hostPath" in volume:
            yield f"volume {volume['name']}: hostPath"
    for container in containers_of(pod):
        context = container.get("securityContext", {})
        if context.get("privileged"):
            yield f"{container['name']}: privileged"
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{container['name']}: allowPrivilegeEscalation is not false"


def keeps_capabilities(pod):
    for container in containers_of(pod):
        capabilities = container.get("securityContext", {}).get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
            yield f"{container['name']}: capabilities are not dropped"


def lacks_seccomp(pod):
    own = pod["spec"].get("securityContext", {})
    for container in containers_of(pod):
        context = {**own, **container.get("securityContext", {})}
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{container['name']}: no seccomp profile"


def holds_a_token(pod):
    if pod["spec"].get("automountServiceAccountToken") is not False:
        yield "automountServiceAccountToken is not false"


def lacks_probes(pod):
    for container in containers_of(pod, init=False):
        for probe in PROBES:
            if not container.get(probe):
                yield f"{container['name']}: no {probe}"


def lacks_limits(pod):
    for container in containers_of(pod):
        for side in ("requests", "limits"):
            given = container.get("resources", {}).get(side, {})
            for resource in RESOURCES:
                if resource not in given:
                    yield f"{container['name']}: no {resource} in {side}"


def asks_for_more_than_its_limit(pod):
    for container in containers_of(pod):
        resources = container.get("resources", {})
        for name, request in resources.get("requests", {}).items():
            limit = resources.get("limits", {}).get(name, request)
            if quantity(request) > quantity(limit):
                yield f"{container['name']}: requests more {name} than its limit"


def has_a_floating_image(pod):
    for container in containers_of(pod):
        tag = container["image"].rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in container["image"] and tag in ("", "latest"):
            yield f"{container['name']}: image {container['image']} names no version"


def fills_its_node(pod):
    """Unbounded scratch space, or more of it than the limits allow."""
    limit = sum(quantity(container["resources"]["limits"].get("ephemeral-storage", 0))
                for container in containers_of(pod, init=False) if "resources" in container)
    wanted = 0
    for volume in pod["spec"].get("volumes", []):
        if "emptyDir" not in volume:
            continue
        size = volume["emptyDir"].get("sizeLimit")
        if size is None:
            yield f"volume {volume['name']}: no sizeLimit"
        else:
            wanted += quantity(size)
    if wanted > limit:
        yield f"emptyDirs of {wanted:.0f} bytes over ephemeral-storage of {limit:.0f}"


RULES = (runs_as_root, may_write_to_its_image, is_privileged, keeps_capabilities, lacks_seccomp,
         holds_a_token, lacks_probes, lacks_limits, asks_for_more_than_its_limit,
         has_a_floating_image, fills_its_node)


def violations(workload):
    name = f"{workload['kind']}/{workload['metadata']['name']}"
    return [f"{name}: {rule.__name__}: {found}" for rule in RULES
            for found in rule(pod_of(workload))]
