#include "services/encoder/encoder_metrics.h"

namespace stagebeam::encoder {

EncoderMetrics::EncoderMetrics(serving::Metrics& metrics)
    : encodings_(metrics.AddCounter("stagebeam_encoder_encodings_total",
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

}  // namespace stagebeam::encoder
