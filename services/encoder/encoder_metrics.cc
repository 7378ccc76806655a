#include "services/encoder/encoder_metrics.h"

#include <string>

namespace stagebeam::encoder {
namespace {

serving::Metrics::Labels TierLabels(std::string_view tier,
                                    std::string_view outcome) {
  return {{"tier", std::string(tier)}, {"outcome", std::string(outcome)}};
}

}  // namespace

EncoderMetrics::EncoderMetrics(serving::Metrics& metrics)
    : metrics_(metrics),
      encodings_(metrics.AddCounter("stagebeam_encoder_encodings_total",
                                    "Pictures encoded.")),
      encode_seconds_(
          metrics.AddHistogram("stagebeam_encoder_encode_seconds",
                               "Decoding, tiling and encoding of one picture.",
                               serving::CallSeconds())),
      joined_calls_(metrics.AddCounter(
          "stagebeam_encoder_joined_calls_total",
          "Calls that shared a concurrent call's encoding.")),
      running_(metrics.AddGauge("stagebeam_encoder_running_encodings",
                                "Encodings that run.")),
      waiting_(metrics.AddGauge("stagebeam_encoder_waiting_encodings",
                                "Encodings that wait for their turn.")),
      memory_used_(metrics.AddGauge("stagebeam_feature_memory_used_bytes",
                                    "Features held in memory.")),
      memory_total_(metrics.AddGauge("stagebeam_feature_memory_capacity_bytes",
                                     "Features that may be held in memory.")) {}

void EncoderMetrics::OnEncoding(absl::Duration elapsed) {
  encodings_.Increment();
  encode_seconds_.Observe(absl::ToDoubleSeconds(elapsed));
}

void EncoderMetrics::OnJoinedCall() { joined_calls_.Increment(); }

void EncoderMetrics::OnLoad(const EncodingQueue::Load& load) {
  running_.Set(load.running);
  waiting_.Set(load.waiting);
}

void EncoderMetrics::OnMemory(int64_t used_bytes, int64_t capacity_bytes) {
  memory_used_.Set(static_cast<double>(used_bytes));
  memory_total_.Set(static_cast<double>(capacity_bytes));
}

void EncoderMetrics::OnGet(std::string_view tier, features::GetOutcome outcome,
                           absl::Duration elapsed, int64_t bytes) {
  metrics_
      .AddCounter("stagebeam_feature_store_gets_total",
                  "Look-ups of features, by tier and how they ended.",
                  TierLabels(tier, features::OutcomeName(outcome)))
      .Increment();
  metrics_
      .AddHistogram("stagebeam_feature_store_get_seconds",
                    "Look-ups of features, by tier.", serving::StepSeconds(),
                    {{"tier", std::string(tier)}})
      .Observe(absl::ToDoubleSeconds(elapsed));
}

void EncoderMetrics::OnPut(std::string_view tier, features::PutOutcome outcome,
                           absl::Duration elapsed, int64_t bytes) {
  metrics_
      .AddCounter("stagebeam_feature_store_puts_total",
                  "Features written, by tier and how it ended.",
                  TierLabels(tier, features::OutcomeName(outcome)))
      .Increment();
}

}  // namespace stagebeam::encoder
