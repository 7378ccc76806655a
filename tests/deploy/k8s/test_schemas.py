"""Every object of every overlay against the schema of its kind, strictly."""

import copy

import pytest
import schemas
from rendering import MANIFESTS, OVERLAYS, Rendering


@pytest.mark.parametrize("version", schemas.VERSIONS)
def test_every_object_fits_its_schema(rendering, version):
    assert len(rendering.objects) > 20
    found = [line for thing in rendering.objects for line in schemas.errors(thing, version)]
    assert not found, "\n".join(found)


def test_every_overlay_of_the_folder_is_rendered():
    assert {"dev", "gpu", "large"} <= OVERLAYS.keys()


def test_every_component_is_part_of_an_overlay():
    used = "".join((folder / "kustomization.yaml").read_text() for folder in OVERLAYS.values())
    for component in sorted((MANIFESTS / "components").iterdir()):
        assert f"components/{component.name}\n" in used, component


def misspelt(thing, *path):
    """A copy of `thing` whose field at `path` has one letter more."""
    changed = copy.deepcopy(thing)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1] + "s"] = inner.pop(path[-1])
    return changed


@pytest.mark.parametrize("overlay, kind, name, path", [
    ("dev", "Deployment", "generator", ("spec", "template", "spec", "containers", 0, "lifecycle")),
    ("dev", "Deployment", "generator",
     ("spec", "template", "spec", "containers", 0, "readinessProbe", "grpc", "service")),
    ("dev", "StatefulSet", "redis", ("spec", "serviceName")),
    ("dev", "PodDisruptionBudget", "judge", ("spec", "maxUnavailable")),
    ("dev", "PriorityClass", "stagebeam-worker", ("globalDefault",)),
    ("large", "HorizontalPodAutoscaler", "judge", ("spec", "behavior", "scaleDown", "policies")),
    ("large", "NetworkPolicy", "redis", ("spec", "ingress", 0, "from")),
    ("large", "PodMonitor", "stagebeam", ("spec", "podMetricsEndpoints", 0, "interval")),
    ("secured", "ScaledObject", "judge", ("spec", "advanced", "horizontalPodAutoscalerConfig")),
    ("secured", "ScaledObject", "judge", ("spec", "triggers", 0, "metricType")),
])
def test_a_misspelt_field_is_found(renderings, overlay, kind, name, path):
    thing = renderings[overlay].one(kind, name)
    for version in schemas.VERSIONS:
        assert not schemas.errors(thing, version)
        found = schemas.errors(misspelt(thing, *path), version)
        assert any(path[-1] in line for line in found), found


def test_a_misspelt_field_of_a_rule_is_found():
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
            "metadata": {"name": "rules"},
            "spec": {"groups": [{"name": "one", "rules": [
                {"alert": "Down", "expr": "up == 0", "for": "5m", "labels": {"a": "b"}}]}]}}
    assert not schemas.errors(rule, "1.30")
    for field in ("expr", "for"):
        changed = misspelt(rule, "spec", "groups", 0, "rules", 0, field)
        assert any(field in line for line in schemas.errors(changed, "1.30")), field


def test_a_value_of_the_wrong_type_is_found(renderings):
    for overlay, kind, name, field in [("dev", "Deployment", "judge", "replicas"),
                                       ("secured", "ScaledObject", "judge", "maxReplicaCount")]:
        thing = copy.deepcopy(renderings[overlay].one(kind, name))
        thing["spec"][field] = "many"
        assert any(field in line for line in schemas.errors(thing, "1.30"))


def test_a_kind_without_schema_is_found():
    thing = {"apiVersion": "example.com/v1", "kind": "Unknown", "metadata": {"name": "one"}}
    assert schemas.errors(thing, "1.30")


def test_a_folder_that_does_not_render_is_an_error(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    with pytest.raises(RuntimeError, match="missing.yaml"):
        Rendering.of(tmp_path)
