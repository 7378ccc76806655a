#ifndef STAGEBEAM_SERVICES_JUDGE_JUDGE_SERVICE_H_
#define STAGEBEAM_SERVICES_JUDGE_JUDGE_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "libs/inference/judge.h"
#include "libs/serving/call_runner.h"
#include "stagebeam/judge/v1/judge.grpc.pb.h"

namespace stagebeam::judge {

// stagebeam.judge.v1 over any judge. Thread-safe.
class JudgeServiceAdapter final : public v1::JudgeService::CallbackService {
 public:
  // Both must outlive it.
  JudgeServiceAdapter(inference::Judge& judge, serving::CallRunner& calls)
      : judge_(judge), calls_(calls) {}

  grpc::ServerUnaryReactor* ComparePairs(
      grpc::CallbackServerContext* call, const v1::ComparePairsRequest* request,
      v1::ComparePairsResponse* response) override;

 private:
  inference::Judge& judge_;
  serving::CallRunner& calls_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_JUDGE_SERVICE_H_
