#include "libs/remote/remote_generator.h"

#include "absl/strings/str_cat.h"
#include "libs/remote/generator_conversion.h"
#include "stagebeam/generator/v1/generator.grpc.pb.h"

namespace stagebeam::remote {

absl::StatusOr<inference::GenerateResult> RemoteGenerator::GenerateCandidates(
    const inference::RequestContext& context,
    const inference::GenerateRequest& request) {
  const generator::v1::GenerateCandidatesRequest proto = ToProto(request);
  generator::v1::GenerateCandidatesResponse response;
  const absl::Status status =
      replicas_.Call(context, {.key = request.session_id},
                     [&](grpc::ClientContext& client, const auto& channel) {
                       return generator::v1::GeneratorService::NewStub(channel)
                           ->GenerateCandidates(&client, proto, &response);
                     });
  if (!status.ok()) return status;
  if (response.candidates_size() != request.candidate_count) {
    return absl::InternalError(
        absl::StrCat("the generator sent ", response.candidates_size(),
                     " candidates, not ", request.candidate_count));
  }
  return FromProto(response);
}

}  // namespace stagebeam::remote
