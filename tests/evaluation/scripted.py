"""An orchestrator in this process that answers as a test says, and the contract's modules."""

import concurrent.futures
import contextlib
import pathlib
import sys
import tempfile

import grpc
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "evaluation"))
import stubs  # noqa: E402

FOLDER = tempfile.TemporaryDirectory(prefix="stagebeam-contract-")
PB, SERVICES = stubs.load(pathlib.Path(FOLDER.name))


class Orchestrator(SERVICES.OrchestratorServiceServicer):
    """Answers with the errors of a list, and then the question."""

    def __init__(self, errors, answer):
        self.errors, self.answer, self.requests = errors, answer, []

    def Reason(self, request, context):
        self.requests.append(request)
        if self.errors:
            code, message, delay = self.errors.pop(0)
            status = status_pb2.Status(code=code.value[0], message=message)
            if delay:
                status.details.add().Pack(error_details_pb2.RetryInfo(
                    retry_delay=duration_pb2.Duration(seconds=int(delay),
                                                      nanos=int(delay % 1 * 1e9))))
            context.abort_with_status(rpc_status.to_status(status))
        response = PB.ReasonResponse(answer=self.answer, usage=PB.Usage(generated_token_count=5))
        if request.include_trace:
            response.trace.expansions.add(stage=PB.STAGE_CONCLUSION).duels.add(second=1)
        return response


@contextlib.contextmanager
def serving(errors, answer="Yes"):
    """(the service, its host:port) of an Orchestrator with these errors."""
    service = Orchestrator(list(errors), answer)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    SERVICES.add_OrchestratorServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield service, f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
