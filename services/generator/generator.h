#ifndef STAGEBEAM_SERVICES_GENERATOR_GENERATOR_H_
#define STAGEBEAM_SERVICES_GENERATOR_GENERATOR_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/engine/engine.h"
#include "libs/inference/generator.h"
#include "libs/inference/request_context.h"
#include "libs/serving/metrics.h"
#include "libs/tracing/tracer.h"
#include "services/worker/feature_source.h"

namespace stagebeam::generator {

// What an operator may choose.
struct GeneratorOptions {
  // As engine::Stopping has it, for every call.
  bool close_at_limit = false;
};

// The generator of this process: candidates from the engine. Thread-safe.
class EngineGenerator final : public inference::Generator {
 public:
  // All but the options must outlive it. Counts
  // stagebeam_generator_candidates_total{finish_reason}; what calls are made of
  // are spans of `tracer`.
  EngineGenerator(engine::Engine& engine, const worker::FeatureSource& features,
                  const GeneratorOptions& options, serving::Metrics& metrics,
                  tracing::Tracer tracer = {});

  absl::StatusOr<inference::GenerateResult> GenerateCandidates(
      const inference::RequestContext& context,
      const inference::GenerateRequest& request,
      const inference::CandidateListener& on_end) override;

 private:
  // Prompt, and the assistant turn so far.
  std::vector<int32_t> PromptOf(
      const inference::GenerateRequest& request) const;
  // INVALID_ARGUMENT where the context cannot hold the prompt and what may
  // follow.
  absl::Status CheckContext(const inference::GenerateRequest& request,
                            int prompt_length) const;
  void Count(const inference::GenerateResult& result) const;

  engine::Engine& engine_;
  const worker::FeatureSource& features_;
  const GeneratorOptions options_;
  const tracing::Tracer tracer_;
  serving::Counter stop_strings_;
  serving::Counter end_of_turns_;
  serving::Counter lengths_;
};

}  // namespace stagebeam::generator

#endif  // STAGEBEAM_SERVICES_GENERATOR_GENERATOR_H_
