#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_CALLS_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_CALLS_H_

#include <cstddef>
#include <functional>
#include <memory>
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
#include "libs/tracing/tracer.h"
#include "services/orchestrator/answer.h"
#include "services/orchestrator/early_duels.h"
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
  // Thread-safe.
  std::function<absl::Time()> now = absl::Now;
  // Where early duels are fought; null: none are.
  FanOut* early_duels = nullptr;
  // Where steps become spans.
  tracing::Tracer tracer = {};
};

// CANCELLED or DEADLINE_EXCEEDED where the context is over at `now`, else OK.
absl::Status ContextError(const inference::RequestContext& context,
                          absl::Time now);

// The calls of one search to encoder, generator and judge, and what they cost.
// Each is a span within the one that `context` names. Features that were lost
// in mid-search are encoded again, once, where the picture is at hand. Not
// thread-safe.
class WorkerCalls {
 public:
  using Context = inference::RequestContext;

  // Both must outlive it.
  WorkerCalls(const Workers& workers, const Question& question);

  // Has the picture's features where workers find them. Errors are the
  // encoder's.
  absl::Status Encode(const Context& context);

  // Continues every branch, side by side. A branch that failed has no
  // candidates; an error only where none has any, or where the request or the
  // search is at fault. Meanwhile duels that `search`, which asks for this,
  // foresees are begun.
  absl::StatusOr<search::Expanded> Sample(const Context& context,
                                          const search::Search& search,
                                          const search::Expand& expand);

  // Takes the verdicts of duels that were begun early; asks for the rest in one
  // call. Errors are that call's; INTERNAL for a wrong number of verdicts.
  absl::StatusOr<search::Compared> Compare(const Context& context,
                                           const search::Compare& compare);

  // The draw's duels are over: drops those that were begun in vain.
  void EndEarlyDuels();

  const inference::ImageFeatures& features() const { return features_; }
  const std::string& model_id() const { return model_id_; }
  // Of what has ended; early duels count with the end of their draw.
  const Cost& cost() const { return cost_; }

 private:
  using Generated = absl::StatusOr<inference::GenerateResult>;

  inference::GenerateRequest MakeRequest(const search::Expand& expand,
                                         const search::Branch& branch) const;
  // Continues one branch.
  Generated Generate(const Context& context, const search::Expand& expand,
                     size_t branch);
  // Calls the generator for every branch without an answer.
  void GenerateMissing(const Context& context, const search::Expand& expand,
                       std::vector<Generated>& answers);
  // As GenerateMissing, and once more with features that were lost.
  void GenerateAll(const Context& context, const search::Expand& expand,
                   std::vector<Generated>& answers);
  search::Expanded Collect(std::vector<Generated> answers);
  // Whether a duel among candidates of `expand` could begin before all are
  // there.
  bool MayFightEarly(const search::Expand& expand) const;
  void BeginEarlyDuels(const Context& context, const search::Search& search,
                       const search::Expand& expand);
  // Tells the early duels of candidates of `branch`; empty where there are
  // none.
  inference::CandidateListener ListenerOf(size_t branch);
  inference::CompareRequest MakeRequest(const search::Compare& compare) const;
  EarlyDuels::JudgeCall MakeJudgeCall(const Context& context,
                                      const search::Compare& compare,
                                      bool early) const;
  // Judges the pairs of `compare` with these indices, in one call.
  absl::Status Judge(const Context& context, const search::Compare& compare,
                     const std::vector<size_t>& pairs, Verdicts& verdicts);
  absl::Status JudgeAll(const Context& context, const search::Compare& compare,
                        Verdicts& verdicts);
  void Add(const inference::JudgeUsage& usage);
  // True where features were lost and are there again.
  bool EncodedAgain(const Context& context, const absl::Status& error);

  const Workers& workers_;
  const Question& question_;
  inference::ImageFeatures features_;
  std::string model_id_;
  Cost cost_;
  bool encoded_again_ = false;
  // A judge that fails is left alone until it is asked for.
  bool early_duels_failed_ = false;
  // Of the running expansion; null where it has none.
  std::unique_ptr<EarlyDuels> early_duels_;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_WORKER_CALLS_H_
