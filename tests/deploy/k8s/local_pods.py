"""A rendering's pods as processes of this machine: the same programs with the
same arguments and files, at loopback addresses in place of names."""

import os
import pathlib
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import grpc
from certificates import make_authority, make_certificate
from flagfiles import files_of
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rendering import SOURCE, main_of, name_of, pod_of, ports_of

WORKER_TOKEN = "between-pods"
CALLER_TOKEN = "of-a-caller"
# Callees before callers.
ORDER = ("redis", "encoder", "generator", "judge", "orchestrator")


class LocalPods:
    """Runs one pod of each workload. Use as a context."""

    def __init__(self, rendering, folder, binaries):
        self.rendering = rendering
        self.folder = folder
        self.binaries = binaries
        self.processes = {}
        # Of this run alone, so that others on the machine use the same ports.
        net = f"127.{64 + os.getpid() % 64}.{os.getpid() // 64 % 256}"
        self.addresses = {name: f"{net}.{i}" for i, name in enumerate(ORDER, 1)}
        self.workloads = {name_of(each): each for each in rendering.workloads()}
        make_authority(folder / "authority")

    def __enter__(self):
        for name in ORDER:
            self.start(name)
            self.wait_until_started(name)
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def start(self, name):
        command = self.command_of(name)
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def command_of(self, name):
        container = main_of(self.workloads[name])
        mounts = self.mount(name)
        program = container.get("command") or [str(self.binaries / f"stagebeam-{name}")]
        own = ["--bind", self.addresses[name]] if name == "redis" else []
        return [*program, *(self.adapted(name, each, mounts) for each in container["args"]), *own]

    def mount(self, name):
        """Puts the container's files below a folder: {path in the container: path here}."""
        root = self.folder / name
        workload = self.workloads[name]
        mounts = {each["mountPath"]: root / each["mountPath"].strip("/")
                  for each in main_of(workload)["volumeMounts"]}
        for place in mounts.values():
            place.mkdir(parents=True)
        if "/models" in mounts:
            self.load_weights(name, mounts)
        for path, place in self.secrets_of(name, mounts).items():
            self.write_secret(path, place, self.addresses[name])
        for path, text in files_of(self.rendering, workload).items():
            (root / path.strip("/")).write_text(self.adapted(name, text, mounts))
        return mounts

    def load_weights(self, name, mounts):
        """Runs the init container, its source being the reference checkpoint."""
        checkpoint = self.folder / "checkpoint"
        if not checkpoint.exists():
            shutil.copytree(SOURCE / "models" / "reference", checkpoint)
            sums = subprocess.run(["sha256sum", *sorted(os.listdir(checkpoint))], cwd=checkpoint,
                                  check=True, capture_output=True).stdout
            (checkpoint / "SHA256SUMS").write_bytes(sums)
        (loader,) = pod_of(self.workloads[name])["spec"]["initContainers"]
        _, target = loader["args"]
        subprocess.run(["bash", SOURCE / "deploy" / "docker" / "load_weights.sh", checkpoint,
                        self.adapted(name, target, mounts)], check=True, capture_output=True)

    def secrets_of(self, name, mounts):
        """{the Secret's name: where it is mounted here}."""
        volumes = {each["name"]: each["secret"]["secretName"] for each in
                   pod_of(self.workloads[name])["spec"]["volumes"] if "secret" in each}
        return {volumes[each["name"]]: mounts[each["mountPath"]] for each in
                main_of(self.workloads[name])["volumeMounts"] if each["name"] in volumes}

    def write_secret(self, secret, place, address):
        if secret.endswith("-tls"):
            make_certificate(self.folder / "authority", place, address)
            return
        key, value = {"worker-token": ("token", WORKER_TOKEN),
                      "caller-tokens": ("tokens", CALLER_TOKEN)}[secret]
        (place / key).write_text(value + "\n")

    def adapted(self, name, text, mounts):
        """`text` with this machine's paths and addresses in place of a pod's."""
        swaps = {path: str(place) for path, place in mounts.items()}
        swaps |= {f"dns:///{host}:": f"dns:///{address}:"
                  for host, address in self.addresses.items()}
        swaps |= {"0.0.0.0:": f"{self.addresses[name]}:",
                  "redis-0.redis:": f"{self.addresses['redis']}:"}
        # At once, as a new path may hold what looks like an old one.
        return re.sub("|".join(map(re.escape, swaps)), lambda found: swaps[found[0]], text)

    def target(self, name):
        return f"{self.addresses[name]}:{ports_of(pod_of(self.workloads[name]))['grpc']}"

    def authority(self):
        return (self.folder / "authority" / "ca.crt").read_bytes()

    def wait_until_started(self, name):
        """Until the startup probe is content, no longer than the pod would have."""
        probe = main_of(self.workloads[name])["startupProbe"]
        deadline = time.monotonic() + probe.get("periodSeconds", 10) * probe["failureThreshold"]
        while not self.passes(name, "startupProbe"):
            assert self.processes[name].poll() is None, self.log(name)
            assert time.monotonic() < deadline, self.log(name)

    def passes(self, name, probe):
        """One run of a probe, as the kubelet would do it."""
        container = main_of(self.workloads[name])
        action = container[probe]
        if "grpc" in action:
            return self.is_serving(name, action["grpc"])
        if "httpGet" in action:
            return self.page(name, action["httpGet"]["path"]) is not None
        return self.redis("PING") == "PONG"

    def redis(self, *words):
        """What Redis answers."""
        return subprocess.run(["redis-cli", "-h", self.addresses["redis"], *words],
                              capture_output=True, text=True, timeout=10).stdout.strip()

    def is_serving(self, name, action):
        with grpc.insecure_channel(f"{self.addresses[name]}:{action['port']}") as channel:
            request = health_pb2.HealthCheckRequest(service=action.get("service", ""))
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=5)
            except grpc.RpcError:
                return False
            return answer.status == health_pb2.HealthCheckResponse.SERVING

    def page(self, name, path):
        """A page of the metrics port; None where there is none, or it says so."""
        port = ports_of(pod_of(self.workloads[name]))["metrics"]
        try:
            with urllib.request.urlopen(f"http://{self.addresses[name]}:{port}{path}",
                                        timeout=5) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, ConnectionError):
            return None

    def log(self, name):
        return f"{name}: {pathlib.Path(self.folder / f'{name}.log').read_text()[-2000:]}"
