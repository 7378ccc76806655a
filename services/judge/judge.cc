#include "services/judge/judge.h"

#include <cstddef>
#include <numeric>

#include "absl/time/clock.h"
#include "services/judge/request_check.h"
#include "services/worker/call_spans.h"

namespace stagebeam::judge {

EngineJudge::EngineJudge(engine::Engine& engine, const JudgePrompts& wording,
                         const worker::FeatureSource& features,
                         const JudgeOptions& options, serving::Metrics& metrics,
                         tracing::Tracer tracer)
    : features_(features),
      default_method_(options.default_method),
      duels_(metrics),
      score_(engine, wording, duels_),
      write_(engine, wording, score_, options.verdict_length),
      tracer_(tracer) {}

absl::StatusOr<inference::CompareResult> EngineJudge::ComparePairs(
    const inference::RequestContext& context,
    const inference::CompareRequest& request) {
  if (absl::Status status = CheckRequest(request); !status.ok()) return status;
  Hearing hearing;
  hearing.control = {.deadline = context.deadline,
                     .cancellation = context.cancellation};
  hearing.image = features_.Prompt(request.image, context);
  hearing.pairs.resize(request.pairs.size());
  std::iota(hearing.pairs.begin(), hearing.pairs.end(), size_t{0});
  hearing.on_call = [&](const engine::CallUsage& usage) {
    worker::RecordCall(tracer_, context.traceparent, usage, absl::Now());
  };
  const inference::JudgeMethod method =
      request.method == inference::JudgeMethod::kDefault ? default_method_
                                                         : request.method;
  auto result = Decide(request, method, hearing);
  if (!result.ok()) return result.status();
  for (const inference::Verdict& verdict : result->verdicts)
    duels_.Count(method, verdict);
  return result;
}

absl::StatusOr<inference::CompareResult> EngineJudge::Decide(
    const inference::CompareRequest& request, inference::JudgeMethod method,
    const Hearing& hearing) const {
  if (method == inference::JudgeMethod::kWrite)
    return write_.Decide(request, hearing);
  return score_.Decide(
      request, hearing,
      /*both_orders=*/method == inference::JudgeMethod::kScoreBothOrders);
}

}  // namespace stagebeam::judge
