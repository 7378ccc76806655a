#ifndef STAGEBEAM_SERVICES_WORKER_ENGINE_METRICS_H_
#define STAGEBEAM_SERVICES_WORKER_ENGINE_METRICS_H_

#include "absl/time/time.h"
#include "libs/engine/engine.h"
#include "libs/serving/metrics.h"

namespace stagebeam::worker {

// Shows the engine's work on the metrics page: queue, running calls and
// branches, key-value bytes, tokens computed and reused, times. Thread-safe.
//
// Tokens per second are rates of the counters, as
// rate(stagebeam_engine_decode_tokens_total[1m]) while calls run.
class EngineMetrics final : public engine::EngineObserver {
 public:
  // `metrics` must outlive it.
  explicit EngineMetrics(serving::Metrics& metrics);

  void OnStep(const engine::StepReport& report) override;
  void OnQueueLeft(absl::Duration waited) override;
  void OnCall(const engine::CallUsage& usage) override;

 private:
  serving::Gauge waiting_calls_;
  serving::Gauge waiting_branches_;
  serving::Gauge running_calls_;
  serving::Gauge running_branches_;
  serving::Gauge kv_bytes_used_;
  serving::Gauge kv_bytes_total_;
  serving::Counter prefill_tokens_;
  serving::Counter decode_tokens_;
  serving::Histogram decode_step_seconds_;
  serving::Histogram prefill_step_seconds_;
  serving::Counter prompt_tokens_reused_;
  serving::Counter prompt_tokens_computed_;
  serving::Counter generated_tokens_;
  serving::Histogram queue_seconds_;
  serving::Histogram prefill_seconds_;
  serving::Histogram decode_seconds_;
};

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_SERVICES_WORKER_ENGINE_METRICS_H_
