"""Redis, started with the manifests' arguments, is a cache with a limit."""

import re
import socket
import subprocess
import time

import pytest
from flagfiles import files_of
from rendering import containers_of, main_of, pod_of, quantity


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def ask(port, *words):
    """Redis's answer by its own command line tool; None while nobody listens."""
    run = subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True,
                         timeout=10)
    return None if "Could not connect" in run.stderr else run.stdout.splitlines()


@pytest.fixture
def redis(rendering, tmp_path):
    """The container's command on a port of this machine: (its port, its container)."""
    workload = rendering.one("StatefulSet", "redis")
    container = main_of(workload)
    (path, text), = files_of(rendering, workload).items()
    config = tmp_path / "redis.conf"
    config.write_text(text)
    command = [str(config) if word == path else word
               for word in (*container["command"], *container["args"])]
    assert str(config) in command
    port = free_port()
    process = subprocess.Popen([*command, "--port", str(port), "--dir", str(tmp_path)],
                               stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while ask(port, "PING") != ["PONG"]:
            assert process.poll() is None and time.monotonic() < deadline
        yield port, container
    finally:
        process.terminate()
        process.wait(30)


def test_redis_forgets_what_was_not_used_and_writes_nothing(redis, tmp_path):
    port, container = redis
    for name, value in (("maxmemory-policy", "allkeys-lru"), ("save", ""), ("appendonly", "no")):
        assert ask(port, "CONFIG", "GET", name) == [name, value]
    limit = int(ask(port, "CONFIG", "GET", "maxmemory")[1])
    assert 0 < limit <= 0.85 * quantity(container["resources"]["limits"]["memory"])
    assert ask(port, "SET", "key", "value") == ["OK"]
    assert ask(port, "SHUTDOWN") == []
    assert [each.name for each in tmp_path.iterdir()] == ["redis.conf"]


def test_the_exporter_reads_the_redis_beside_it(renderings):
    pod = pod_of(renderings["large"].one("StatefulSet", "redis"))
    redis, exporter = sorted(containers_of(pod), key=lambda each: each["name"], reverse=True)
    variables = {each["name"]: each["value"] for each in exporter["env"]}
    port = re.fullmatch(r"redis://127\.0\.0\.1:(\d+)", variables["REDIS_ADDR"]).group(1)
    assert int(port) == redis["ports"][0]["containerPort"]
    listen = variables["REDIS_EXPORTER_WEB_LISTEN_ADDRESS"].rpartition(":")[2]
    assert int(listen) == exporter["ports"][0]["containerPort"]
