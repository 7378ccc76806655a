#include "libs/remote/remote_generator.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/remote/candidate_assembly.h"
#include "libs/remote/generator_conversion.h"
#include "libs/serving/status_conversion.h"
#include "stagebeam/generator/v1/generator.grpc.pb.h"

namespace stagebeam::remote {
namespace {

using generator::v1::GeneratorService;
using generator::v1::StreamCandidatesRequest;
using generator::v1::StreamCandidatesResponse;

// Reads one stream to its end.
grpc::Status Read(grpc::ClientContext& client,
                  const std::shared_ptr<grpc::Channel>& channel,
                  const StreamCandidatesRequest& request,
                  CandidateAssembly& assembly) {
  assembly.Restart();
  const auto stub = GeneratorService::NewStub(channel);
  const auto reader = stub->StreamCandidates(&client, request);
  StreamCandidatesResponse response;
  while (reader->Read(&response)) {
    const absl::Status taken = assembly.Take(response);
    if (taken.ok()) continue;
    client.TryCancel();
    reader->Finish();
    return serving::ToGrpcStatus(taken);
  }
  return reader->Finish();
}

}  // namespace

absl::StatusOr<inference::GenerateResult> RemoteGenerator::GenerateCandidates(
    const inference::RequestContext& context,
    const inference::GenerateRequest& request,
    const inference::CandidateListener& on_end) {
  if (!on_end) return Fetch(context, request);
  auto streamed = Stream(context, request, on_end);
  if (!absl::IsUnimplemented(streamed.status())) return streamed;
  return Fetch(context, request);
}

absl::StatusOr<inference::GenerateResult> RemoteGenerator::Fetch(
    const inference::RequestContext& context,
    const inference::GenerateRequest& request) {
  const generator::v1::GenerateCandidatesRequest proto = ToProto(request);
  generator::v1::GenerateCandidatesResponse response;
  const absl::Status status = replicas_.Call(
      context, {.key = request.session_id},
      [&](grpc::ClientContext& client, const auto& channel) {
        return GeneratorService::NewStub(channel)->GenerateCandidates(
            &client, proto, &response);
      });
  if (!status.ok()) return status;
  if (response.candidates_size() != request.candidate_count) {
    return absl::InternalError(
        absl::StrCat("the generator sent ", response.candidates_size(),
                     " candidates, not ", request.candidate_count));
  }
  return FromProto(response);
}

absl::StatusOr<inference::GenerateResult> RemoteGenerator::Stream(
    const inference::RequestContext& context,
    const inference::GenerateRequest& request,
    const inference::CandidateListener& on_end) {
  StreamCandidatesRequest proto;
  *proto.mutable_request() = ToProto(request);
  CandidateAssembly assembly(request.candidate_count, on_end);
  const absl::Status status =
      replicas_.Call(context, {.key = request.session_id},
                     [&](grpc::ClientContext& client, const auto& channel) {
                       return Read(client, channel, proto, assembly);
                     });
  if (!status.ok()) return status;
  return std::move(assembly).Result();
}

}  // namespace stagebeam::remote
