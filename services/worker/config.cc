#include "services/worker/config.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <system_error>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(std::string, checkpoint, "models/reference",
          "Hugging Face directory of an mllama checkpoint");
ABSL_FLAG(std::string, dtype, "bfloat16",
          "Number format of weights and activations: bfloat16 or float32");
ABSL_FLAG(
    std::string, weights, "packed",
    "How weights are held in memory: packed (a private copy laid out for "
    "the processor, fastest), int8 (a private copy in 8 bits, less exact; "
    "not on a GPU) or mapped (the file's own memory, shared by all processes)");
ABSL_FLAG(std::string, device, "cpu", "Where the model runs: cpu or cuda:N");
ABSL_FLAG(bool, cuda_graphs, false,
          "On a GPU, record what small steps do between attentions and replay "
          "it as CUDA graphs; needs --device=cuda:N and a CUDA build of "
          "libtorch");
ABSL_FLAG(int, threads, 0,
          "Threads of one operation, [0, 1024]; 0: one for each "
          "core that the process may use");
ABSL_FLAG(int, bos_count, 1,
          "Copies of <|begin_of_text|> in front of a prompt, 1 or 2");
ABSL_FLAG(int64_t, kv_bytes, int64_t{1} << 30,
          "Bytes of keys and values of text, of running calls and kept "
          "prefixes together");
ABSL_FLAG(int64_t, image_bytes, int64_t{1} << 30,
          "Bytes of keys and values of pictures");
ABSL_FLAG(int, max_waiting_calls, 256,
          "Calls that wait for a place, [1, 65536]; one more is refused");
ABSL_FLAG(int, max_running_branches, 256,
          "Candidates decoded together at most, [64, 65536]");
ABSL_FLAG(int, prefill_chunk, 256,
          "Prompt tokens computed in one step at most, [1, 65536]");
ABSL_FLAG(
    absl::Duration, max_stall, absl::Milliseconds(200),
    "How long a step with prompt tokens may take while candidates decode, "
    "[1ms, 1m]; prompts then go in smaller parts");
ABSL_FLAG(int, max_new_tokens, 2048,
          "Most tokens of one candidate, [1, 1048576]");
ABSL_FLAG(int, max_context, 0,
          "Most tokens of prompt and candidate together, [0, 1048576]; 0: what "
          "the model allows");
ABSL_FLAG(
    std::string, redis, "",
    "Redis servers that hold features, with commas between them: host:port, "
    "redis://user:password@host:port/db or a socket's path; empty: none");
ABSL_FLAG(std::string, encoder, "",
          "Encoders to fetch features from that Redis lacks, with commas "
          "between them: "
          "host:port, unix:/path, dns:///host:port, or file:///path with one "
          "address a line; empty: none");
ABSL_FLAG(int64_t, feature_memory_bytes, int64_t{256} << 20,
          "Bytes of features kept in memory, 0 for none");
ABSL_FLAG(absl::Duration, feature_budget, absl::Seconds(1),
          "Time that the feature caches may take out of a call, whatever they "
          "do, [1ms, 1m]");
ABSL_FLAG(absl::Duration, fetch_timeout, absl::Seconds(20),
          "How long to wait for an encoder's features, [1ms, 10m]");
ABSL_FLAG(std::string, encoder_tls_ca, "",
          "PEM file of the authority that signed the encoders' certificates; "
          "empty: plain text");
ABSL_FLAG(
    std::string, encoder_auth_token_file, "",
    "File with the bearer token that encoders ask for; empty: none is sent");

namespace stagebeam::worker {
namespace {

using serving::CheckFlag;
using serving::RefuseFlag;

// Number format and form of the weights.
absl::Status ReadFormats(engine::EngineOptions& options) {
  const auto dtype = engine::DTypeNamed(absl::GetFlag(FLAGS_dtype));
  if (!dtype) return RefuseFlag("dtype", "must be bfloat16 or float32");
  const auto weights = engine::WeightFormNamed(absl::GetFlag(FLAGS_weights));
  if (!weights) return RefuseFlag("weights", "must be packed, int8 or mapped");
  options.dtype = *dtype;
  options.weights = *weights;
  return absl::OkStatus();
}

absl::Status ValidateEngine(const engine::EngineOptions& options) {
  constexpr int kMany = 1 << 16;
  constexpr int kManyTokens = 1 << 20;
  constexpr int64_t kBytes = std::numeric_limits<int64_t>::max();
  std::error_code error;
  if (!std::filesystem::is_directory(options.checkpoint, error)) {
    return RefuseFlag("checkpoint", absl::StrCat("must be a directory, is \"",
                                                 options.checkpoint, "\""));
  }
  for (const absl::Status& status : {
           CheckFlag("threads", options.threads, 0, 1024),
           CheckFlag("bos_count", options.bos_count, 1, 2),
           CheckFlag("kv_bytes", options.kv_bytes, 1, kBytes),
           CheckFlag("image_bytes", options.image_bytes, 1, kBytes),
           CheckFlag("max_waiting_calls", options.max_waiting_calls, 1, kMany),
           CheckFlag("max_running_branches", options.max_running_branches, 64,
                     kMany),
           CheckFlag("prefill_chunk", options.prefill_chunk, 1, kMany),
           CheckFlag("max_stall", options.max_stall, absl::Milliseconds(1),
                     absl::Minutes(1)),
           CheckFlag("max_new_tokens", options.max_new_tokens, 1, kManyTokens),
           CheckFlag("max_context", options.max_context, 0, kManyTokens),
       }) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ValidateFeatures(const FeatureSourceOptions& options) {
  constexpr int64_t kBytes = std::numeric_limits<int64_t>::max();
  for (const absl::Status& status : {
           CheckFlag("feature_memory_bytes", options.stack.memory_bytes, 0,
                     kBytes),
           CheckFlag("feature_budget", options.stack.budget,
                     absl::Milliseconds(1), absl::Minutes(1)),
           CheckFlag("fetch_timeout", options.fetch_timeout,
                     absl::Milliseconds(1), absl::Minutes(10)),
       }) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

FeatureSourceOptions FeaturesFromFlags() {
  FeatureSourceOptions features;
  features.stack.redis_addresses = SplitAddresses(absl::GetFlag(FLAGS_redis));
  features.stack.memory_bytes = absl::GetFlag(FLAGS_feature_memory_bytes);
  features.stack.budget = absl::GetFlag(FLAGS_feature_budget);
  features.stack.write_to_redis = false;
  features.encoder = absl::GetFlag(FLAGS_encoder);
  features.fetch_timeout = absl::GetFlag(FLAGS_fetch_timeout);
  features.encoder_tls_ca = absl::GetFlag(FLAGS_encoder_tls_ca);
  features.encoder_auth_token_file =
      absl::GetFlag(FLAGS_encoder_auth_token_file);
  return features;
}

}  // namespace

absl::StatusOr<WorkerOptions> WorkerOptionsFromFlags() {
  WorkerOptions options;
  if (absl::Status status = ReadFormats(options.engine); !status.ok())
    return status;
  options.engine.checkpoint = absl::GetFlag(FLAGS_checkpoint);
  options.engine.device = absl::GetFlag(FLAGS_device);
  options.engine.cuda_graphs = absl::GetFlag(FLAGS_cuda_graphs);
  options.engine.threads = absl::GetFlag(FLAGS_threads);
  options.engine.bos_count = absl::GetFlag(FLAGS_bos_count);
  options.engine.kv_bytes = absl::GetFlag(FLAGS_kv_bytes);
  options.engine.image_bytes = absl::GetFlag(FLAGS_image_bytes);
  options.engine.max_waiting_calls = absl::GetFlag(FLAGS_max_waiting_calls);
  options.engine.max_running_branches =
      absl::GetFlag(FLAGS_max_running_branches);
  options.engine.prefill_chunk = absl::GetFlag(FLAGS_prefill_chunk);
  options.engine.max_stall = absl::GetFlag(FLAGS_max_stall);
  options.engine.max_new_tokens = absl::GetFlag(FLAGS_max_new_tokens);
  options.engine.max_context = absl::GetFlag(FLAGS_max_context);
  options.features = FeaturesFromFlags();
  if (absl::Status status = Validate(options); !status.ok()) return status;
  return options;
}

absl::Status Validate(const WorkerOptions& options) {
  if (absl::Status status = ValidateEngine(options.engine); !status.ok())
    return status;
  return ValidateFeatures(options.features);
}

}  // namespace stagebeam::worker
