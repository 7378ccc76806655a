#ifndef STAGEBEAM_SERVICES_JUDGE_JUDGE_H_
#define STAGEBEAM_SERVICES_JUDGE_JUDGE_H_

#include "absl/status/statusor.h"
#include "libs/engine/engine.h"
#include "libs/inference/judge.h"
#include "libs/inference/request_context.h"
#include "libs/serving/metrics.h"
#include "libs/tracing/tracer.h"
#include "services/judge/duel_metrics.h"
#include "services/judge/hearing.h"
#include "services/judge/judge_prompts.h"
#include "services/judge/score_method.h"
#include "services/judge/write_method.h"
#include "services/worker/feature_source.h"

namespace stagebeam::judge {

// What an operator may choose.
struct JudgeOptions {
  // How pairs are decided where a call does not say; not kDefault.
  inference::JudgeMethod default_method =
      inference::JudgeMethod::kScoreBothOrders;
  VerdictLength verdict_length;
};

// The judge of this process: verdicts from the engine. Thread-safe.
class EngineJudge final : public inference::Judge {
 public:
  // All but the options must outlive it. What calls are made of are spans of
  // `tracer`.
  EngineJudge(engine::Engine& engine, const JudgePrompts& wording,
              const worker::FeatureSource& features,
              const JudgeOptions& options, serving::Metrics& metrics,
              tracing::Tracer tracer = {});

  absl::StatusOr<inference::CompareResult> ComparePairs(
      const inference::RequestContext& context,
      const inference::CompareRequest& request) override;

 private:
  absl::StatusOr<inference::CompareResult> Decide(
      const inference::CompareRequest& request, inference::JudgeMethod method,
      const Hearing& hearing) const;

  const worker::FeatureSource& features_;
  const inference::JudgeMethod default_method_;
  DuelMetrics duels_;
  const ScoreMethod score_;
  const WriteMethod write_;
  const tracing::Tracer tracer_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_JUDGE_H_
