"""Asks one question over gRPC and prints each step: the public API in Python."""

import argparse
import os
import pathlib

import grpc
from stagebeam.orchestrator.v1 import orchestrator_pb2 as pb
from stagebeam.orchestrator.v1 import orchestrator_pb2_grpc as services


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=pathlib.Path)
    parser.add_argument("question")
    parser.add_argument("--server", default=os.environ.get("STAGEBEAM_SERVER", "127.0.0.1:50051"))
    args = parser.parse_args()

    request = pb.ReasonRequest(image=args.picture.read_bytes(), question=args.question)
    request.search.stage_beam.candidate_count = 4
    request.search.sampling.seed = 1

    stub = services.OrchestratorServiceStub(grpc.insecure_channel(args.server))
    for event in stub.StreamReason(pb.StreamReasonRequest(request=request), timeout=60):
        if event.HasField("stage_chosen"):
            chosen = event.stage_chosen.stage_text
            print(f"{pb.Stage.Name(chosen.stage)}: {chosen.text}")
        elif event.HasField("finished"):
            print(f"answer: {event.finished.answer}")


if __name__ == "__main__":
    main()
