"""Asks a cluster through its public API."""

import contextlib
import time

import grpc
import source_tree

source_tree.use("evaluation")
import stubs  # noqa: E402

TIMEOUT_SECONDS = 1800


class Caller:
    """One connection to an orchestrator. For one thread."""

    def __init__(self, address, folder):
        """`folder` gets the generated stubs."""
        self.address = address
        self.pb, self.services = stubs.load(folder / "python")
        self.channel = grpc.insecure_channel(address)
        self.stub = self.services.OrchestratorServiceStub(self.channel)

    def close(self):
        self.channel.close()

    def request(self, work, picture, question, seed):
        request = self.pb.ReasonRequest(image=picture, question=question)
        work.fill(request)
        request.search.sampling.seed = seed
        return request

    def ask(self, request):
        """(wall seconds, response)."""
        start = time.perf_counter()
        response = self.stub.Reason(request, timeout=TIMEOUT_SECONDS)
        return time.perf_counter() - start, response

    def steps(self, request):
        """[(wall seconds since the start, event)], the last of which is `finished`."""
        start = time.perf_counter()
        stream = self.stub.StreamReason(self.pb.StreamReasonRequest(request=request),
                                        timeout=TIMEOUT_SECONDS)
        return [(time.perf_counter() - start, event) for event in stream]


    @contextlib.asynccontextmanager
    async def many(self):
        """A stub whose calls are awaited, for many at once."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            yield self.services.OrchestratorServiceStub(channel)


def seconds(duration):
    return duration.ToTimedelta().total_seconds()


def usage_row(usage):
    """A response's Usage in plain numbers."""
    return {
        "prompt_tokens": usage.prompt_token_count, "reused_tokens": usage.reused_token_count,
        "generated_tokens": usage.generated_token_count, "candidates": usage.candidate_count,
        "duels": usage.duel_count, "image_cached": usage.image_cached,
        "encode_s": seconds(usage.encode_time), "generate_s": seconds(usage.generate_time),
        "judge_s": seconds(usage.judge_time), "total_s": seconds(usage.total_time)}
