"""Waits for a service's grpc.health.v1 to say SERVING, without generated code."""

import grpc

# HealthCheckResponse{status: SERVING}, serialized.
SERVING = b"\x08\x01"
# A listener that is not there yet is tried again within this.
RETRY_MS = 10
OPTIONS = [(f"grpc.{which}_reconnect_backoff_ms", RETRY_MS) for which in ("initial", "min", "max")]


def becomes_serving(address, timeout):
    """Whether the service says SERVING within `timeout` seconds; returns as soon as it does."""
    with grpc.insecure_channel(address, options=OPTIONS) as channel:
        watch = channel.unary_stream("/grpc.health.v1.Health/Watch")
        try:
            return SERVING in watch(b"", timeout=timeout, wait_for_ready=True)
        except grpc.RpcError:
            return False
