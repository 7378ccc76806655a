#ifndef STAGEBEAM_SERVICES_GENERATOR_GENERATOR_SERVICE_H_
#define STAGEBEAM_SERVICES_GENERATOR_GENERATOR_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/inference/generator.h"
#include "libs/inference/request_context.h"
#include "libs/serving/call_runner.h"
#include "libs/serving/response_stream.h"
#include "stagebeam/generator/v1/generator.grpc.pb.h"

namespace stagebeam::generator {

// stagebeam.generator.v1 over any generator. Thread-safe.
class GeneratorServiceAdapter final
    : public v1::GeneratorService::CallbackService {
 public:
  // Both must outlive it.
  GeneratorServiceAdapter(inference::Generator& generator,
                          serving::CallRunner& calls)
      : generator_(generator), calls_(calls) {}

  grpc::ServerUnaryReactor* GenerateCandidates(
      grpc::CallbackServerContext* call,
      const v1::GenerateCandidatesRequest* request,
      v1::GenerateCandidatesResponse* response) override;

  grpc::ServerWriteReactor<v1::StreamCandidatesResponse>* StreamCandidates(
      grpc::CallbackServerContext* call,
      const v1::StreamCandidatesRequest* request) override;

 private:
  using Stream = serving::ResponseStream<v1::StreamCandidatesResponse>;

  absl::StatusOr<v1::GenerateCandidatesResponse> Generate(
      const inference::RequestContext& context,
      const v1::GenerateCandidatesRequest& request,
      const inference::CandidateListener& on_end);
  absl::Status SendCandidates(const inference::RequestContext& context,
                              const v1::GenerateCandidatesRequest& request,
                              Stream& stream);

  inference::Generator& generator_;
  serving::CallRunner& calls_;
};

}  // namespace stagebeam::generator

#endif  // STAGEBEAM_SERVICES_GENERATOR_GENERATOR_SERVICE_H_
