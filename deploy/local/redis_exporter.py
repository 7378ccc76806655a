"""Redis's own figures for Prometheus, as the exporter beside it in deploy/k8s has them."""

from companion import Companion
from plan import HOST


class RedisExporter(Companion):
    def __init__(self, folder):
        super().__init__("prometheus-redis-exporter", folder)

    def start(self, redis_port):
        """Watches the Redis on this machine; its page as a process of cluster.json."""
        self.launch("--redis.addr", f"redis://{HOST}:{redis_port}",
                    "--web.listen-address", f"{HOST}:{self.port}", ready="/metrics")
        return {"name": "redis", "metrics_port": self.port}
