#include "services/worker/engine_metrics.h"

#include "absl/time/time.h"

namespace stagebeam::worker {

EngineMetrics::EngineMetrics(serving::Metrics& metrics)
    : waiting_calls_(
          metrics.AddGauge("stagebeam_engine_waiting_calls",
                           "Calls that wait for a place in the engine.")),
      waiting_branches_(metrics.AddGauge(
          "stagebeam_engine_waiting_branches",
          "Sequences that these calls want; a score counts as one.")),
      running_calls_(metrics.AddGauge("stagebeam_engine_running_calls",
                                      "Calls that the engine computes.")),
      running_branches_(
          metrics.AddGauge("stagebeam_engine_running_branches",
                           "Sequences that are decoded together.")),
      kv_bytes_used_(metrics.AddGauge("stagebeam_engine_kv_used_bytes",
                                      "Bytes of keys and values held.")),
      kv_bytes_total_(
          metrics.AddGauge("stagebeam_engine_kv_capacity_bytes",
                           "Bytes of keys and values that there is room for.")),
      prefill_tokens_(
          metrics.AddCounter("stagebeam_engine_prefill_tokens_total",
                             "Prompt tokens computed, by step.")),
      decode_tokens_(metrics.AddCounter(
          "stagebeam_engine_decode_tokens_total",
          "Tokens put through the model to sample the next, by step.")),
      decode_step_seconds_(metrics.AddHistogram(
          "stagebeam_engine_decode_step_seconds",
          "Time of a step that decodes.", serving::StepSeconds())),
      prefill_step_seconds_(metrics.AddHistogram(
          "stagebeam_engine_prefill_step_seconds",
          "Time of a step that only prefills.", serving::StepSeconds())),
      prompt_tokens_reused_(metrics.AddCounter(
          "stagebeam_engine_prefix_tokens_reused_total",
          "Prompt tokens of ended calls whose keys and values were held.")),
      prompt_tokens_computed_(metrics.AddCounter(
          "stagebeam_engine_prefix_tokens_computed_total",
          "Prompt tokens of ended calls that had to be computed.")),
      generated_tokens_(
          metrics.AddCounter("stagebeam_engine_generated_tokens_total",
                             "Tokens sampled by ended calls.")),
      queue_seconds_(metrics.AddHistogram(
          "stagebeam_engine_queue_seconds",
          "Time of a call until its place, or until its caller gave up.",
          serving::CallSeconds())),
      prefill_seconds_(metrics.AddHistogram(
          "stagebeam_engine_prefill_seconds",
          "Time of a call computing its prompts.", serving::CallSeconds())),
      decode_seconds_(metrics.AddHistogram("stagebeam_engine_decode_seconds",
                                           "Time of a call sampling.",
                                           serving::CallSeconds())) {}

void EngineMetrics::OnStep(const engine::StepReport& report) {
  waiting_calls_.Set(report.waiting_calls);
  waiting_branches_.Set(report.waiting_branches);
  running_calls_.Set(report.running_calls);
  running_branches_.Set(report.running_branches);
  kv_bytes_used_.Set(static_cast<double>(report.kv_bytes_used));
  kv_bytes_total_.Set(static_cast<double>(report.kv_bytes_total));
  prefill_tokens_.Increment(report.prefill_tokens);
  decode_tokens_.Increment(report.decode_tokens);
  const double seconds = absl::ToDoubleSeconds(report.step_time);
  if (report.decode_tokens > 0) {
    decode_step_seconds_.Observe(seconds);
  } else if (report.prefill_tokens > 0) {
    prefill_step_seconds_.Observe(seconds);
  }
}

void EngineMetrics::OnQueueLeft(absl::Duration waited) {
  queue_seconds_.Observe(absl::ToDoubleSeconds(waited));
}

void EngineMetrics::OnCall(const engine::CallUsage& usage) {
  prompt_tokens_reused_.Increment(usage.reused_token_count);
  prompt_tokens_computed_.Increment(usage.prompt_token_count -
                                    usage.reused_token_count);
  generated_tokens_.Increment(usage.generated_token_count);
  prefill_seconds_.Observe(absl::ToDoubleSeconds(usage.prefill_time));
  if (usage.generated_token_count > 0) {
    decode_seconds_.Observe(absl::ToDoubleSeconds(usage.decode_time));
  }
}

}  // namespace stagebeam::worker
