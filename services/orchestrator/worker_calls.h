#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_CALLS_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_CALLS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/inference/encoder.h"
#include "libs/inference/generator.h"
#include "libs/inference/judge.h"
#include "libs/inference/request_context.h"
#include "libs/search/search.h"
#include "services/orchestrator/answer.h"
#include "services/orchestrator/fan_out.h"
#include "services/orchestrator/question.h"

namespace stagebeam::orchestrator {

// Who does the work, and the time that it is measured by. All outlive their
// users.
struct Workers {
  inference::Encoder& encoder;
  inference::Generator& generator;
  inference::Judge& judge;
  FanOut& fan_out;
  // A judge that takes longer is out of reach.
  absl::Duration judge_timeout = absl::Minutes(1);
  std::function<absl::Time()> now = absl::Now;
};

// CANCELLED or DEADLINE_EXCEEDED where the context is over at `now`, else OK.
absl::Status ContextError(const inference::RequestContext& context,
                          absl::Time now);

// The calls of one search to encoder, generator and judge, and what they cost.
// Features that were lost in mid-search are encoded again, once, where the
// picture is at hand. Not thread-safe.
class WorkerCalls {
 public:
  // All must outlive it.
  WorkerCalls(const Workers& workers, const inference::RequestContext& context,
              const Question& question);

  // Has the picture's features where workers find them. Errors are the
  // encoder's.
  absl::Status Encode();

  // Continues every branch, side by side. A branch that failed has no
  // candidates; an error only where none has any, or where the request or the
  // search is at fault.
  absl::StatusOr<search::Expanded> Sample(const search::Expand& expand);

  // Errors are the judge's; INTERNAL for a wrong number of verdicts.
  absl::StatusOr<search::Compared> Compare(const search::Compare& compare);

  const inference::ImageFeatures& features() const { return features_; }
  const std::string& model_id() const { return model_id_; }
  const Cost& cost() const { return cost_; }

 private:
  using Generated = absl::StatusOr<inference::GenerateResult>;

  inference::GenerateRequest MakeRequest(const search::Expand& expand,
                                         const search::Branch& branch) const;
  // Calls the generator for every branch without an answer.
  void GenerateMissing(const search::Expand& expand,
                       std::vector<Generated>& answers);
  search::Expanded Collect(std::vector<Generated> answers);
  absl::StatusOr<inference::CompareResult> Judge(
      const search::Compare& compare);
  // True where features were lost and are there again.
  bool EncodedAgain(const absl::Status& error);

  const Workers& workers_;
  const inference::RequestContext& context_;
  const Question& question_;
  inference::ImageFeatures features_;
  std::string model_id_;
  Cost cost_;
  bool encoded_again_ = false;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_CALLS_H_
