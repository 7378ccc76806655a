"""Only who has business with a port reaches it."""

import copy

import pytest
from reachability import Peer, can_reach, peers_of
from rendering import Rendering

CALLER = Peer("caller", {"app": "backend"},
              {"kubernetes.io/metadata.name": "shop", "stagebeam-caller": "true"}, {"grpc": 50051})
STRANGER = Peer("stranger", {"app.kubernetes.io/name": "orchestrator"},
                {"kubernetes.io/metadata.name": "elsewhere"}, {"grpc": 50051})
PROMETHEUS = Peer("prometheus", {"app": "prometheus"},
                  {"kubernetes.io/metadata.name": "monitoring"}, {"otlp": 4317, "web": 9090})
NAMES = Peer("names", {"k8s-app": "kube-dns"},
             {"kubernetes.io/metadata.name": "kube-system"}, {"dns": 53})
WEIGHTS = Peer("weights", {}, {}, {"https": 443, "http": 80}, "203.0.113.9")
OUTSIDERS = (CALLER, STRANGER, PROMETHEUS, NAMES, WEIGHTS)

SERVICES = ("encoder", "generator", "judge", "orchestrator")
OWN = (*SERVICES, "redis")
ALLOWED = {
    ("caller", "orchestrator", "grpc"),
    *(("orchestrator", worker, "grpc") for worker in ("encoder", "generator", "judge")),
    *((worker, "encoder", "grpc") for worker in ("generator", "judge")),
    *((worker, "redis", "redis") for worker in ("encoder", "generator", "judge")),
    *(("prometheus", name, "metrics") for name in OWN),
    *((name, "prometheus", "otlp") for name in OWN),
    *((name, "names", "dns") for name in OWN),
    *((worker, "weights", "https") for worker in ("encoder", "generator", "judge")),
}


def reachable(rendering):
    """Every (from, to, port) that gets through, but for outsiders among themselves."""
    peers = [*peers_of(rendering), *OUTSIDERS]
    return {(source.name, target.name, port) for source in peers for target in peers
            if source.ours or target.ours
            for port in target.ports if can_reach(rendering, source, target, port)}


@pytest.mark.parametrize("overlay", ["gpu", "large", "secured"])
def test_exactly_these_connections_get_through(renderings, overlay):
    found = reachable(renderings[overlay])
    assert found == ALLOWED, f"also {found - ALLOWED}, not {ALLOWED - found}"


def test_without_policies_everybody_reaches_everything(renderings):
    found = reachable(renderings["dev"])
    assert ("stranger", "generator", "grpc") in found and ("caller", "redis", "redis") in found


def test_a_policy_that_lets_too_many_in_is_found(renderings):
    changed = Rendering(copy.deepcopy(renderings["gpu"].objects))
    rule = changed.one("NetworkPolicy", "redis")["spec"]["ingress"][0]
    rule["from"] = [{"namespaceSelector": {}}]
    assert ("stranger", "redis", "redis") in reachable(changed)


def test_a_policy_that_is_missing_is_found(renderings):
    for missing in ("orchestrator", "encoder", "language", "redis", "monitoring", "names",
                    "weights"):
        changed = Rendering([each for each in copy.deepcopy(renderings["gpu"].objects)
                             if (each["kind"], each["metadata"]["name"])
                             != ("NetworkPolicy", missing)])
        assert reachable(changed) < ALLOWED, missing
