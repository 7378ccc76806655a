"""Autoscalers read what Prometheus has of our pods, and both kinds agree."""

import subprocess

import pytest
import scalers
import yaml
from rendering import labels_of, pod_of

SCALED = ("encoder", "generator", "judge", "orchestrator")
QUEUEING = ("generator", "judge")
# Of the histogram's buckets, seconds.
BOUNDS = ("0.1", "0.5", "1", "+Inf")
MINUTES = 10


def seconds(quantity):
    return float(quantity.removesuffix("m")) / (1000 if quantity.endswith("m") else 1)


def targets(scaler):
    """{name of the metric: what a pod's share of it is to be} of an HPA."""
    found = {}
    for metric in scaler["spec"]["metrics"]:
        if metric["type"] == "Pods":
            pods = metric["pods"]
            found[pods["metric"]["name"]] = seconds(pods["target"]["averageValue"])
        else:
            resource = metric["resource"]
            found[resource["name"]] = resource["target"]["averageUtilization"]
    return found


def thresholds(scaler):
    """The same of a ScaledObject, by trigger."""
    return {each["name"]: float(each["metadata"].get("threshold") or each["metadata"]["value"])
            for each in scaler["spec"]["triggers"]}


def test_every_service_is_scaled_once(renderings):
    for overlay, kind in (("large", "HorizontalPodAutoscaler"), ("secured", "ScaledObject")):
        scaled = [each["spec"]["scaleTargetRef"]["name"]
                  for each in renderings[overlay].kind("HorizontalPodAutoscaler", "ScaledObject")]
        assert sorted(scaled) == list(SCALED)
        assert len(renderings[overlay].kind(kind)) == len(SCALED)


def test_applying_again_leaves_the_number_of_replicas_alone(renderings):
    for overlay in ("large", "secured"):
        for name, workload in renderings[overlay].services().items():
            assert "replicas" not in workload["spec"], name
    for name, workload in renderings["gpu"].services().items():
        assert "replicas" in workload["spec"], name


def test_there_is_always_a_second_replica(renderings):
    for scaler in renderings["large"].kind("HorizontalPodAutoscaler"):
        assert 2 <= scaler["spec"]["minReplicas"] < scaler["spec"]["maxReplicas"]
    for scaler in renderings["secured"].kind("ScaledObject"):
        spec = scaler["spec"]
        assert 2 <= spec["minReplicaCount"] < spec["maxReplicaCount"]
        wanted = spec.get("fallback", {}).get("replicas", spec["minReplicaCount"])
        assert spec["minReplicaCount"] <= wanted <= spec["maxReplicaCount"]


def test_the_adapter_makes_every_metric_that_is_asked_for(renderings):
    asked = set().union(*(targets(each) for each in
                          renderings["large"].kind("HorizontalPodAutoscaler")))
    assert asked - {"cpu"} == scalers.adapter_rules().keys()


def test_keda_scales_as_the_other_does(renderings):
    for name in SCALED:
        plain = renderings["large"].one("HorizontalPodAutoscaler", name)["spec"]
        keda = renderings["secured"].one("ScaledObject", name)["spec"]
        own = keda["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert own == plain["behavior"]
        assert (sorted(thresholds({"spec": keda}).values())
                == sorted(targets({"spec": plain}).values())), name
        # A sum over the pods, divided by the threshold, is what the other makes
        # of an average.
        assert {each["metricType"] for each in keda["triggers"]} <= {"AverageValue", "Utilization"}


def test_queries_name_the_job_that_the_monitor_gives(renderings):
    rendering = renderings["secured"]
    job_label = rendering.one("PodMonitor", "stagebeam")["spec"]["jobLabel"]
    for (name, _), query in scalers.keda_queries(rendering).items():
        job = labels_of(pod_of(rendering.one("Deployment", name)))[job_label]
        assert f'job="{job}"' in query and 'namespace="stagebeam"' in query


def histogram(deployment, pod, per_minute):
    """Series of one pod, of whose calls so many a minute fall below each bound."""
    labels = f'namespace="stagebeam",job="{deployment}",pod="{deployment}-{pod}"'
    return [{"series": f'stagebeam_engine_queue_seconds_bucket{{{labels},le="{bound}"}}',
             "values": f"0+{count}x{MINUTES}"}
            for bound, count in zip(BOUNDS, per_minute, strict=True)]


def calls(deployment, pod, running, waiting):
    labels = f'namespace="stagebeam",job="{deployment}",pod="{deployment}-{pod}"'
    return [{"series": f"stagebeam_engine_{state}_calls{{{labels}}}",
             "values": f"{count}+0x{MINUTES}"}
            for state, count in (("running", running), ("waiting", waiting))]


# Of the busy pod's calls, 90 in 100 wait 0.1 s at most, and 10 between 0.5 and
# 1 s: the 95th percentile lies in the middle. The idle one had calls before.
SERIES = {name: [*histogram(name, "busy", (90, 90, 100, 100)), *histogram(name, "idle", (0,) * 4),
                 *calls(name, "busy", 4, 2), *calls(name, "idle", 0, 0)] for name in QUEUEING}


def promtool(folder, series, expectations):
    """Runs queries by Prometheus's engine: (query, samples), exact to a thousandth,
    must hold at the end."""
    (folder / "queries.yaml").write_text(yaml.safe_dump({"tests": [{
        "interval": "1m", "input_series": series,
        "promql_expr_test": [{"expr": f"round(({query}), 0.001)",
                              "eval_time": f"{MINUTES}m", "exp_samples": samples}
                             for query, samples in expectations]}]}))
    return subprocess.run(["promtool", "test", "rules", "queries.yaml"], cwd=folder,
                          capture_output=True, text=True)


def test_the_adapter_gets_a_value_of_every_pod(tmp_path):
    rules = scalers.adapter_rules()
    values = {"stagebeam_queue_seconds_p95": 0.75, "stagebeam_calls": 6}
    expectations = [
        (scalers.query_of(rules[metric], name),
         [{"labels": f'{{pod="{name}-busy"}}', "value": value},
          {"labels": f'{{pod="{name}-idle"}}', "value": 0}])
        for name in QUEUEING for metric, value in values.items()]
    run = promtool(tmp_path, SERIES["generator"] + SERIES["judge"], expectations)
    assert run.returncode == 0, run.stdout + run.stderr


def test_keda_gets_the_sum_over_the_pods(renderings, tmp_path):
    values = {"queue-seconds": 0.75, "calls": 6}
    expectations = [(query, [{"labels": "{}", "value": values[trigger]}]) for (name, trigger), query
                    in scalers.keda_queries(renderings["secured"]).items() if name in QUEUEING]
    assert len(expectations) == 4
    run = promtool(tmp_path, SERIES["generator"] + SERIES["judge"], expectations)
    assert run.returncode == 0, run.stdout + run.stderr


def test_keda_gets_nothing_but_zero_without_pods(renderings, tmp_path):
    expectations = [(query, [{"labels": "{}", "value": 0}])
                    for query in scalers.keda_queries(renderings["secured"]).values()]
    run = promtool(tmp_path, [], expectations)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("value", [0.7, 0.8])
def test_a_query_that_gives_another_value_is_found(tmp_path, value):
    rule = scalers.adapter_rules()["stagebeam_queue_seconds_p95"]
    wrong = [{"labels": '{pod="judge-busy"}', "value": value},
             {"labels": '{pod="judge-idle"}', "value": 0}]
    run = promtool(tmp_path, SERIES["judge"], [(scalers.query_of(rule, "judge"), wrong)])
    assert run.returncode != 0
