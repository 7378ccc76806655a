#ifndef STAGEBEAM_SERVICES_ENCODER_ENCODER_METRICS_H_
#define STAGEBEAM_SERVICES_ENCODER_ENCODER_METRICS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "libs/serving/metrics.h"
#include "services/encoder/encoding_queue.h"

namespace stagebeam::encoder {

// What the encoder counts, beside what every service counts. Thread-safe; must
// not outlive the metrics it is given.
class EncoderMetrics {
 public:
  explicit EncoderMetrics(serving::Metrics& metrics);

  // An encoding ran, from the picture's bytes to features.
  void OnEncoding(absl::Duration elapsed);
  // A call shared the encoding that another call of this process ran.
  void OnJoinedCall();
  void OnLoad(const EncodingQueue::Load& load);
  void OnMemory(int64_t used_bytes, int64_t capacity_bytes);

 private:
  const serving::Counter encodings_;
  const serving::Histogram encode_seconds_;
  const serving::Counter joined_calls_;
  const serving::Gauge running_;
  const serving::Gauge waiting_;
  const serving::Gauge memory_used_;
  const serving::Gauge memory_total_;
};

}  // namespace stagebeam::encoder

#endif  // STAGEBEAM_SERVICES_ENCODER_ENCODER_METRICS_H_
