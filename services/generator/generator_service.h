#ifndef STAGEBEAM_SERVICES_GENERATOR_GENERATOR_SERVICE_H_
#define STAGEBEAM_SERVICES_GENERATOR_GENERATOR_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "libs/inference/generator.h"
#include "libs/serving/call_runner.h"
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

 private:
  inference::Generator& generator_;
  serving::CallRunner& calls_;
};

}  // namespace stagebeam::generator

#endif  // STAGEBEAM_SERVICES_GENERATOR_GENERATOR_SERVICE_H_
