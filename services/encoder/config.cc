#include "services/encoder/config.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(std::string, checkpoint, "models/reference",
          "Hugging Face directory of the mllama checkpoint");
ABSL_FLAG(std::string, dtype, "bfloat16",
          "number format of weights and features: bfloat16 or float32");
ABSL_FLAG(std::string, weights, "packed",
          "how weights are held: packed (a private copy laid out for the "
          "processor, fastest) or mapped (the file's own memory, shared by all "
          "processes)");
ABSL_FLAG(std::string, device, "cpu", "cpu or cuda:N");
ABSL_FLAG(int, threads, 0, "threads of one operation; 0: one for each core");

ABSL_FLAG(std::vector<std::string>, redis, {"127.0.0.1:6379"},
          "addresses of Redis, comma-separated: host:port, redis://... or the "
          "path of a unix socket; empty: no Redis");
ABSL_FLAG(int64_t, feature_memory_bytes, int64_t{1} << 30,
          "features kept in this process's memory");
ABSL_FLAG(absl::Duration, feature_budget, absl::Seconds(1),
          "time that the feature stores may take out of one call");
ABSL_FLAG(absl::Duration, feature_time_to_live, absl::Hours(24),
          "how long Redis keeps features");
ABSL_FLAG(absl::Duration, lease_time, absl::Seconds(30),
          "how long one replica may take to encode a picture before another "
          "starts, too");

ABSL_FLAG(int64_t, max_image_bytes, 32 << 20, "largest picture file");
ABSL_FLAG(int, max_image_side, 16384, "largest width or height, pixels");
ABSL_FLAG(int64_t, max_image_pixels, 64 << 20, "largest width times height");
ABSL_FLAG(int, max_running_encodings, 1, "pictures encoded at a time");
ABSL_FLAG(int, max_waiting_encodings, 64,
          "pictures that wait for their turn; one more is refused");

namespace stagebeam::encoder {
namespace {

// What a request adds to its picture's bytes.
constexpr int64_t kEnvelopeBytes = 1024;

using serving::CheckFlag;
using serving::RefuseFlag;

// Durations of caches and leases: 1 ms to 30 days.
absl::Status CheckDuration(std::string_view flag, absl::Duration value) {
  return CheckFlag(flag, value, absl::Milliseconds(1), absl::Hours(24 * 30));
}

// Number format and form of the weights. Not in 8 bits: features are kept under
// the vision weights' digest, whoever made them.
absl::Status ReadFormats(engine::EngineOptions& options) {
  const auto dtype = engine::DTypeNamed(absl::GetFlag(FLAGS_dtype));
  if (!dtype) return RefuseFlag("dtype", "must be bfloat16 or float32");
  const auto weights = engine::WeightFormNamed(absl::GetFlag(FLAGS_weights));
  if (!weights || *weights == engine::WeightForm::kInt8)
    return RefuseFlag("weights", "must be packed or mapped");
  options.dtype = *dtype;
  options.weights = *weights;
  return absl::OkStatus();
}

absl::Status CheckDevice(std::string_view device) {
  constexpr std::string_view kCuda = "cuda:";
  if (device == "cpu") return absl::OkStatus();
  if (device.substr(0, kCuda.size()) == kCuda &&
      device.size() == kCuda.size() + 1 && absl::ascii_isdigit(device.back())) {
    return absl::OkStatus();
  }
  return RefuseFlag("device", "must be cpu or cuda:N, N in [0, 9]");
}

absl::Status ReadEngine(engine::EngineOptions& engine) {
  engine.checkpoint = absl::GetFlag(FLAGS_checkpoint);
  engine.device = absl::GetFlag(FLAGS_device);
  engine.threads = absl::GetFlag(FLAGS_threads);
  absl::Status status;
  if (engine.checkpoint.empty()) {
    status.Update(RefuseFlag("checkpoint", "must name a directory"));
  }
  status.Update(ReadFormats(engine));
  status.Update(CheckDevice(engine.device));
  status.Update(CheckFlag("threads", engine.threads, 0, 1024));
  return status;
}

absl::Status ReadFeatures(features::FeatureStackOptions& features) {
  for (const std::string& address : absl::GetFlag(FLAGS_redis)) {
    if (!address.empty()) features.redis_addresses.push_back(address);
  }
  features.memory_bytes = absl::GetFlag(FLAGS_feature_memory_bytes);
  features.budget = absl::GetFlag(FLAGS_feature_budget);
  features.time_to_live = absl::GetFlag(FLAGS_feature_time_to_live);
  features.lease_time = absl::GetFlag(FLAGS_lease_time);
  absl::Status status =
      CheckFlag("feature_memory_bytes", features.memory_bytes, 0, INT64_MAX);
  status.Update(CheckDuration("feature_budget", features.budget));
  status.Update(CheckDuration("feature_time_to_live", features.time_to_live));
  status.Update(CheckDuration("lease_time", features.lease_time));
  return status;
}

absl::Status ReadLimits(int64_t max_message_bytes,
                        pixels::ImageLimits& limits) {
  limits.max_bytes = absl::GetFlag(FLAGS_max_image_bytes);
  limits.max_side = absl::GetFlag(FLAGS_max_image_side);
  limits.max_pixels = absl::GetFlag(FLAGS_max_image_pixels);
  absl::Status status =
      CheckFlag("max_image_bytes", limits.max_bytes, 1, INT64_MAX);
  if (limits.max_bytes > max_message_bytes - kEnvelopeBytes) {
    status.Update(
        RefuseFlag("max_image_bytes",
                   absl::StrCat("is ", limits.max_bytes, ", must be at least ",
                                kEnvelopeBytes, " below --max_message_bytes")));
  }
  status.Update(CheckFlag("max_image_side", limits.max_side, 1, 65535));
  status.Update(CheckFlag("max_image_pixels", limits.max_pixels, 1, 1 << 30));
  return status;
}

absl::Status ReadQueue(EncodingQueue::Options& queue) {
  queue.max_running = absl::GetFlag(FLAGS_max_running_encodings);
  queue.max_waiting = absl::GetFlag(FLAGS_max_waiting_encodings);
  absl::Status status =
      CheckFlag("max_running_encodings", queue.max_running, 1, 1024);
  status.Update(
      CheckFlag("max_waiting_encodings", queue.max_waiting, 0, 1 << 20));
  return status;
}

}  // namespace

absl::StatusOr<Config> ConfigFromFlags() {
  Config config;
  auto server = serving::ServerOptionsFromFlags();
  if (!server.ok()) return server.status();
  config.server = *std::move(server);
  absl::Status status = ReadEngine(config.engine);
  status.Update(ReadFeatures(config.features));
  status.Update(
      ReadLimits(config.server.max_message_bytes, config.encoder.limits));
  status.Update(ReadQueue(config.queue));
  config.encoder.once.lease_wait = config.features.lease_time;
  config.encoder.once.cache_budget = config.features.budget;
  if (!status.ok()) return status;
  return config;
}

}  // namespace stagebeam::encoder
