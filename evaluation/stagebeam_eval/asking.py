"""One question to the cluster, asked again where that can help."""

import hashlib
import random
import time

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from stagebeam.orchestrator.v1 import orchestrator_pb2 as pb
from stagebeam.orchestrator.v1 import orchestrator_pb2_grpc as services

from stagebeam_eval import policies, prompts

# The cluster may answer them later.
RETRIED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED,
           grpc.StatusCode.ABORTED}
# They would end every question, so they end the run.
FATAL = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED,
         grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.CANCELLED}
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0


class RunStopped(Exception):
    """The run cannot go on now; one line that says why."""


def connect(server):
    """A stub of the orchestrator at host:port."""
    options = [("grpc.max_receive_message_length", 64 << 20)]
    return services.OrchestratorServiceStub(grpc.insecure_channel(server, options))


def digest(*parts):
    return hashlib.sha256("\n".join(map(str, parts)).encode()).digest()


class Client:
    """Asks the cluster, with patience where it refuses for a while. Thread-safe."""

    def __init__(self, stub, patience, timeout, stop):
        """`patience`: seconds after which a question is given up that gets refusals only;
        `timeout`: of one attempt; `stop`: an Event that ends waiting."""
        self.stub, self.patience, self.timeout, self.stop = stub, patience, timeout, stop

    def reason(self, request):
        """The response.

        RunStopped where the cluster is out of reach, or refuses every question; grpc.RpcError
        where the error is the question's own.
        """
        start, delay = time.monotonic(), FIRST_DELAY
        while True:
            try:
                return self.stub.Reason(request, timeout=self.timeout)
            except grpc.RpcError as error:
                if of_every_question(error):
                    raise RunStopped(describe(error)) from error
                if error.code() not in RETRIED:
                    raise
                wait = retry_delay(error) or random.uniform(delay / 2, delay)
                if time.monotonic() - start + wait > self.patience or self.stop.wait(wait):
                    raise RunStopped(describe(error)) from error
                delay = min(2 * delay, LONGEST_DELAY)


class Asker:
    """Asks the questions of a table for a run. Thread-safe."""

    def __init__(self, client, table, run):
        """`run`: the journal's."""
        self.client, self.table, self.run = client, table, run

    def request(self, row):
        # Of the index, not the place in the table: a part of a table gets the same answers.
        seed = int.from_bytes(digest(self.run["seed"], row.index)[:4])
        return pb.ReasonRequest(
            request_id=digest(self.run["id"], row.index).hex()[:32], image=self.table.image(row),
            question=prompts.prompt(row),
            search=policies.policy(self.run, seed), include_trace=self.run.get("trace", False))

    def ask(self, row):
        """The journal's line about the answer, or about the error that is the question's own.

        RunStopped as Client.reason.
        """
        try:
            response = self.client.reason(self.request(row))
            return answer_of(row, response, self.run.get("last_paragraph", False))
        except grpc.RpcError as error:
            return {"index": row.index, "prediction": "", "error": describe(error)}


def of_every_question(error):
    """A search that the cluster refuses would be refused for every question."""
    return error.code() in FATAL or (error.code() == grpc.StatusCode.INVALID_ARGUMENT
                                     and (error.details() or "").startswith("search."))


def describe(error):
    return f"{error.code().name}: {error.details()}"


def retry_delay(error):
    """Seconds that the cluster asks to wait, or None."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            return info.retry_delay.ToTimedelta().total_seconds()
    return None


def answer_of(row, response, last_paragraph=False):
    """The journal's line; with the trace where the response has it."""
    usage, answer = response.usage, response.answer
    trace = [json_format.MessageToDict(one, preserving_proto_field_name=True,
                                       always_print_fields_with_no_presence=True)
             for one in response.trace.expansions]
    return {"index": row.index,
            "prediction": answer.split("\n\n")[-1].strip() if last_paragraph else answer,
            "seconds": round(usage.total_time.ToTimedelta().total_seconds(), 4),
            "sampled_tokens": usage.generated_token_count,
            "prompt_tokens": usage.prompt_token_count, "duels": usage.duel_count,
            "candidates": usage.candidate_count, "model": response.model_id,
            "degradations": [pb.DegradationKind.Name(one.kind) for one in response.degradations],
            **({"trace": trace} if trace else {})}
