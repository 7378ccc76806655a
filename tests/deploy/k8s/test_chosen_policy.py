"""The autoscalers follow the policy that benchmarks/capacity simulated."""

import json

import pytest
import yaml
from rendering import SOURCE

COMPONENTS = SOURCE / "deploy" / "k8s" / "components"
CHOSEN = json.loads((SOURCE / "benchmarks" / "capacity" / "policy.json").read_text())
# A trigger of KEDA and the metric of the other autoscaler that it stands for.
TRIGGERS = {"queue-seconds": "stagebeam_queue_seconds_p95", "calls": "stagebeam_calls"}


def manifest(component, service):
    return yaml.safe_load((COMPONENTS / component / f"{service}_scaler.yaml").read_text())["spec"]


def number(quantity):
    """What 500m or "3" is."""
    text = str(quantity)
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def direction(behavior):
    """One direction of a manifest, as policy.json writes it."""
    return {
        "stabilization_s": behavior["stabilizationWindowSeconds"],
        "select": behavior["selectPolicy"],
        "policies": [{"type": one["type"], "value": one["value"], "period_s": one["periodSeconds"]}
                     for one in behavior["policies"]],
    }


def behavior_of(behavior):
    return {"scale_up": direction(behavior["scaleUp"]),
            "scale_down": direction(behavior["scaleDown"])}


@pytest.mark.parametrize("service", CHOSEN)
def test_the_autoscaler_follows_the_simulated_policy(service):
    spec = manifest("autoscaling", service)
    metrics = []
    for metric in spec["metrics"]:
        assert metric["type"] == "Pods"
        target = metric["pods"]["target"]
        assert target["type"] == "AverageValue"
        metrics.append({"name": metric["pods"]["metric"]["name"],
                        "target": number(target["averageValue"])})
    assert CHOSEN[service] == {"min_replicas": spec["minReplicas"],
                               "max_replicas": spec["maxReplicas"], "metrics": metrics,
                               **behavior_of(spec["behavior"])}


@pytest.mark.parametrize("service", CHOSEN)
def test_keda_follows_the_simulated_policy(service):
    spec = manifest("autoscaling-keda", service)
    metrics = []
    for trigger in spec["triggers"]:
        # Sums over pods, divided by a pod's threshold.
        assert trigger["metricType"] == "AverageValue"
        assert trigger["metadata"]["query"].startswith("sum(")
        metrics.append({"name": TRIGGERS[trigger["name"]],
                        "target": number(trigger["metadata"]["threshold"])})
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert CHOSEN[service] == {"min_replicas": spec["minReplicaCount"],
                               "max_replicas": spec["maxReplicaCount"], "metrics": metrics,
                               **behavior_of(behavior)}

