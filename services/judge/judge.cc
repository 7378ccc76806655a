#include "services/judge/judge.h"

#include <numeric>
#include <utility>

#include "services/judge/request_check.h"

namespace stagebeam::judge {
namespace {

void Add(const engine::CallUsage& usage, inference::JudgeUsage* total) {
  total->prompt_token_count += usage.prompt_token_count;
  total->reused_token_count += usage.reused_token_count;
  total->generated_token_count += usage.generated_token_count;
  total->queue_time += usage.queue_time;
  total->compute_time += usage.prefill_time + usage.decode_time;
}

}  // namespace

EngineJudge::EngineJudge(engine::Engine& engine, const JudgePrompts& wording,
                         const worker::FeatureSource& features,
                         inference::JudgeMethod default_method,
                         serving::Metrics& metrics)
    : features_(features),
      default_method_(default_method),
      score_(engine, wording),
      write_(engine, wording),
      duels_(metrics) {}

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
  const inference::JudgeMethod method =
      request.method == inference::JudgeMethod::kDefault ? default_method_
                                                         : request.method;
  auto result = method == inference::JudgeMethod::kWrite
                    ? Write(request, hearing)
                    : Score(request, hearing,
                            /*both_orders=*/method ==
                                inference::JudgeMethod::kScoreBothOrders);
  if (!result.ok()) return result.status();
  for (const inference::Verdict& verdict : result->verdicts)
    duels_.Count(method, verdict);
  return result;
}

absl::StatusOr<inference::CompareResult> EngineJudge::Score(
    const inference::CompareRequest& request, const Hearing& hearing,
    bool both_orders) const {
  auto decision = score_.Decide(request, hearing, both_orders);
  if (!decision.ok()) return decision.status();
  inference::CompareResult result;
  for (const auto& verdict : decision->verdicts)
    result.verdicts.push_back(*verdict);
  Add(decision->usage, &result.usage);
  return result;
}

absl::StatusOr<inference::CompareResult> EngineJudge::Write(
    const inference::CompareRequest& request, const Hearing& hearing) const {
  auto written = write_.Decide(request, hearing);
  if (!written.ok()) return written.status();
  inference::CompareResult result;
  Add(written->usage, &result.usage);
  Hearing unparsed = {
      .control = hearing.control, .image = hearing.image, .pairs = {}};
  for (size_t i = 0; i < written->verdicts.size(); ++i) {
    auto& verdict = written->verdicts[i];
    if (!verdict) unparsed.pairs.push_back(i);
    result.verdicts.push_back(verdict ? *std::move(verdict)
                                      : inference::Verdict());
  }
  if (unparsed.pairs.empty()) return result;
  auto scored = score_.Decide(request, unparsed, /*both_orders=*/true);
  if (!scored.ok()) return scored.status();
  Add(scored->usage, &result.usage);
  for (size_t i = 0; i < unparsed.pairs.size(); ++i) {
    inference::Verdict& verdict = result.verdicts[unparsed.pairs[i]];
    verdict = *scored->verdicts[i];
    verdict.unparsed = true;
  }
  return result;
}

}  // namespace stagebeam::judge
