#include "services/generator/generator_service.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/remote/generator_conversion.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::generator {
namespace {

// When a caller that found queue or memory full should come back.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(500);

}  // namespace

grpc::ServerUnaryReactor* GeneratorServiceAdapter::GenerateCandidates(
    grpc::CallbackServerContext* call,
    const v1::GenerateCandidatesRequest* request,
    v1::GenerateCandidatesResponse* response) {
  return calls_.Unary(
      call, "/stagebeam.generator.v1.GeneratorService/GenerateCandidates",
      [this, request,
       response](const inference::RequestContext& context) -> absl::Status {
        auto result =
            generator_.GenerateCandidates(context, remote::FromProto(*request));
        if (absl::IsResourceExhausted(result.status())) {
          return serving::RetryAfter(result.status(), kRetryDelay);
        }
        if (!result.ok()) return result.status();
        *response = remote::ToProto(*result);
        return absl::OkStatus();
      });
}

}  // namespace stagebeam::generator
