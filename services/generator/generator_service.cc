#include "services/generator/generator_service.h"

#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "libs/remote/generator_conversion.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::generator {
namespace {

// When a caller that found queue or memory full should come back.
constexpr absl::Duration kRetryDelay = absl::Milliseconds(500);

constexpr char kGenerateCandidates[] =
    "/stagebeam.generator.v1.GeneratorService/GenerateCandidates";
constexpr char kStreamCandidates[] =
    "/stagebeam.generator.v1.GeneratorService/StreamCandidates";

}  // namespace

grpc::ServerUnaryReactor* GeneratorServiceAdapter::GenerateCandidates(
    grpc::CallbackServerContext* call,
    const v1::GenerateCandidatesRequest* request,
    v1::GenerateCandidatesResponse* response) {
  return calls_.Unary(
      call, kGenerateCandidates,
      [this, request,
       response](const inference::RequestContext& context) -> absl::Status {
        auto generated = Generate(context, *request, nullptr);
        if (!generated.ok()) return generated.status();
        *response = *std::move(generated);
        return absl::OkStatus();
      });
}

grpc::ServerWriteReactor<v1::StreamCandidatesResponse>*
GeneratorServiceAdapter::StreamCandidates(
    grpc::CallbackServerContext* call,
    const v1::StreamCandidatesRequest* request) {
  return calls_.ServerStream<v1::StreamCandidatesResponse>(
      call, kStreamCandidates,
      [this, request](const inference::RequestContext& context,
                      Stream& stream) {
        return SendCandidates(context, request->request(), stream);
      });
}

absl::StatusOr<v1::GenerateCandidatesResponse>
GeneratorServiceAdapter::Generate(const inference::RequestContext& context,
                                  const v1::GenerateCandidatesRequest& request,
                                  const inference::CandidateListener& on_end) {
  auto result = generator_.GenerateCandidates(
      context, remote::FromProto(request), on_end);
  if (absl::IsResourceExhausted(result.status())) {
    return serving::RetryAfter(result.status(), kRetryDelay);
  }
  if (!result.ok()) return result.status();
  return remote::ToProto(*result);
}

absl::Status GeneratorServiceAdapter::SendCandidates(
    const inference::RequestContext& context,
    const v1::GenerateCandidatesRequest& request, Stream& stream) {
  const auto send = [&](const std::vector<inference::EndedCandidate>& ended) {
    v1::StreamCandidatesResponse response;
    *response.mutable_candidates_ended() = remote::ToProto(ended);
    // Of a caller that has gone the context tells the generator.
    stream.Write(response);
  };
  auto generated = Generate(context, request, send);
  if (!generated.ok()) return generated.status();
  v1::StreamCandidatesResponse last;
  *last.mutable_finished() = *std::move(generated);
  last.mutable_finished()->clear_candidates();
  if (stream.Write(last)) return absl::OkStatus();
  return absl::CancelledError("the caller has gone");
}

}  // namespace stagebeam::generator
