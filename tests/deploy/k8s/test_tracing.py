"""Services that trace send their spans where the network policies let them."""

from flagfiles import flags_of
from reachability import Peer, can_reach, peers_of

SERVICES = {"encoder", "generator", "judge", "orchestrator"}


def test_every_service_reaches_the_collector_that_its_flags_name(renderings):
    rendering = renderings["large"]
    peers = {peer.name: peer for peer in peers_of(rendering)}
    for service in SERVICES:
        flags = flags_of(rendering, rendering.services()[service])
        host, port = flags["otlp_endpoint"].split(":")
        name, namespace = host.split(".")
        collector = Peer(name, {}, {"kubernetes.io/metadata.name": namespace},
                         {"otlp": int(port), "other": int(port) + 1})
        assert can_reach(rendering, peers[service], collector, "otlp"), service
        assert not can_reach(rendering, peers[service], collector, "other"), service


def test_all_services_sample_alike(renderings):
    rendering = renderings["large"]
    ratios = {service: float(flags_of(rendering, workload)["trace_sample_ratio"])
              for service, workload in rendering.services().items()}
    assert set(ratios) == SERVICES
    assert len(set(ratios.values())) == 1 and 0 < min(ratios.values()) <= 1


def test_who_does_not_ask_for_traces_makes_none(renderings):
    rendering = renderings["gpu"]
    for service, workload in rendering.services().items():
        assert "otlp_endpoint" not in flags_of(rendering, workload), service
