#include "libs/remote/remote_judge.h"

#include "absl/strings/str_cat.h"
#include "libs/remote/judge_conversion.h"
#include "stagebeam/judge/v1/judge.grpc.pb.h"

namespace stagebeam::remote {

absl::StatusOr<inference::CompareResult> RemoteJudge::ComparePairs(
    const inference::RequestContext& context,
    const inference::CompareRequest& request) {
  const judge::v1::ComparePairsRequest proto = ToProto(request);
  judge::v1::ComparePairsResponse response;
  const absl::Status status = replicas_.Call(
      context, {.key = request.session_id},
      [&](grpc::ClientContext& client, const auto& channel) {
        return judge::v1::JudgeService::NewStub(channel)->ComparePairs(
            &client, proto, &response);
      });
  if (!status.ok()) return status;
  if (response.verdicts_size() != static_cast<int>(request.pairs.size())) {
    return absl::InternalError(
        absl::StrCat("the judge sent ", response.verdicts_size(),
                     " verdicts for ", request.pairs.size(), " pairs"));
  }
  return FromProto(response);
}

}  // namespace stagebeam::remote
