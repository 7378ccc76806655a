"""Who can open connections to whom under a rendering's NetworkPolicies."""

import dataclasses
import ipaddress

from rendering import labels_of, name_of, pod_of, ports_of, selects

NAMESPACE = {"kubernetes.io/metadata.name": "stagebeam"}


@dataclasses.dataclass(frozen=True)
class Peer:
    """A pod, ours or another's."""

    name: str
    labels: dict
    namespace: dict
    ports: dict
    address: str = "10.1.2.3"

    @property
    def ours(self):
        return self.namespace == NAMESPACE


def peers_of(rendering):
    return [Peer(name_of(each), labels_of(pod_of(each)), NAMESPACE, ports_of(pod_of(each)))
            for each in rendering.workloads()]


def is_within(address, block):
    def holds(network):
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    return holds(block["cidr"]) and not any(map(holds, block.get("except", [])))


def is_meant(peer, rule):
    """Whether an entry of `from` or `to` speaks of `peer`."""
    if "ipBlock" in rule:
        return is_within(peer.address, rule["ipBlock"])
    if "namespaceSelector" in rule:
        if not selects(rule["namespaceSelector"], peer.namespace):
            return False
    elif not peer.ours:
        return False
    return selects(rule.get("podSelector", {}), peer.labels)


def lets(policies, side, pod, other, port, number):
    """Whether `pod`'s policies for one side, Ingress or Egress, allow the port
    towards `other`, at the far end."""
    about = [each["spec"] for each in policies if selects(each["spec"]["podSelector"], pod.labels)
             and side in each["spec"]["policyTypes"]]
    if not about or not pod.ours:
        return True
    rules, peers = ("ingress", "from") if side == "Ingress" else ("egress", "to")
    for rule in (rule for spec in about for rule in spec.get(rules, [])):
        ports = {each["port"] for each in rule["ports"]}
        if (port in ports or number in ports) and any(
                is_meant(other, each) for each in rule[peers]):
            return True
    return False


def can_reach(rendering, source, target, port):
    """Whether `source` can connect to the port of that name on `target`."""
    policies = rendering.kind("NetworkPolicy")
    number = target.ports[port]
    return (lets(policies, "Egress", source, target, port, number)
            and lets(policies, "Ingress", target, source, port, number))
