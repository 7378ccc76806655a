#include "services/judge/judge_service.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/remote/judge_conversion.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::judge {
namespace {

// When a caller that found queue or memory full should come back.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(500);

}  // namespace

grpc::ServerUnaryReactor* JudgeServiceAdapter::ComparePairs(
    grpc::CallbackServerContext* call, const v1::ComparePairsRequest* request,
    v1::ComparePairsResponse* response) {
  return calls_.Unary(
      call, "/stagebeam.judge.v1.JudgeService/ComparePairs",
      [this, request,
       response](const inference::RequestContext& context) -> absl::Status {
        const auto compare = remote::FromProto(*request);
        if (!compare.ok()) return compare.status();
        auto result = judge_.ComparePairs(context, *compare);
        if (absl::IsResourceExhausted(result.status())) {
          return serving::RetryAfter(result.status(), kRetryDelay);
        }
        if (!result.ok()) return result.status();
        *response = remote::ToProto(*result);
        return absl::OkStatus();
      });
}

}  // namespace stagebeam::judge
