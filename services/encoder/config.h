#ifndef STAGEBEAM_SERVICES_ENCODER_CONFIG_H_
#define STAGEBEAM_SERVICES_ENCODER_CONFIG_H_

#include "absl/status/statusor.h"
#include "libs/engine/options.h"
#include "libs/features/feature_stack.h"
#include "libs/serving/config.h"
#include "services/encoder/encoder.h"
#include "services/encoder/encoding_queue.h"

namespace stagebeam::encoder {

// Everything that the flags of the encoder say.
struct Config {
  serving::ServerOptions server;
  engine::EngineOptions engine;
  features::FeatureStackOptions features;
  EncodingQueue::Options queue;
  EngineEncoder::Options encoder;
};

// Reads and checks the flags. INVALID_ARGUMENT, one line: the flag and its
// limit.
absl::StatusOr<Config> ConfigFromFlags();

}  // namespace stagebeam::encoder

#endif  // STAGEBEAM_SERVICES_ENCODER_CONFIG_H_
