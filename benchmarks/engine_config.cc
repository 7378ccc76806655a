#include "benchmarks/engine_config.h"

#include <filesystem>
#include <system_error>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "benchmarks/limits_config.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(std::string, checkpoint, "models/reference",
          "Hugging Face directory of an mllama checkpoint");
ABSL_FLAG(std::string, dtype, "bfloat16",
          "Number format of weights and activations: bfloat16 or float32");
ABSL_FLAG(std::string, weights, "packed",
          "How weights are held: packed, int8 or mapped");
ABSL_FLAG(int, repeats, 5,
          "Times that everything is measured, [1, 1000]; medians are reported");

namespace stagebeam::benchmarks {
namespace {

using serving::CheckFlag;
using serving::RefuseFlag;

absl::Status ReadFormats(engine::EngineOptions& options) {
  const auto dtype = engine::DTypeNamed(absl::GetFlag(FLAGS_dtype));
  if (!dtype) return RefuseFlag("dtype", "must be bfloat16 or float32");
  const auto weights = engine::WeightFormNamed(absl::GetFlag(FLAGS_weights));
  if (!weights) return RefuseFlag("weights", "must be packed, int8 or mapped");
  options.dtype = *dtype;
  options.weights = *weights;
  return absl::OkStatus();
}

// The name of the directory, whether or not a slash ends it.
std::string NameOf(const std::string& checkpoint) {
  const auto path = std::filesystem::path(checkpoint).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace

absl::StatusOr<EngineConfig> EngineConfigFromFlags() {
  EngineConfig config;
  const auto limits = LimitsFromFlags();
  if (!limits.ok()) return limits.status();
  config.limits = *limits;
  config.engine.checkpoint = absl::GetFlag(FLAGS_checkpoint);
  if (absl::Status status = ReadFormats(config.engine); !status.ok())
    return status;
  config.engine.threads = limits->threads;
  config.repeats = absl::GetFlag(FLAGS_repeats);
  std::error_code error;
  if (!std::filesystem::is_directory(config.engine.checkpoint, error)) {
    return RefuseFlag("checkpoint",
                      absl::StrCat("must be a directory, got '",
                                   config.engine.checkpoint, "'"));
  }
  const absl::Status repeats = CheckFlag("repeats", config.repeats, 1, 1000);
  if (!repeats.ok()) return repeats;
  return config;
}

absl::StatusOr<std::vector<int>> ParseCounts(
    std::string_view flag, const std::vector<std::string>& texts, int most) {
  std::vector<int> counts;
  for (const std::string& text : texts) {
    int count = 0;
    if (!absl::SimpleAtoi(text, &count)) {
      return RefuseFlag(
          flag, absl::StrCat("must be numbers with commas between, got '", text,
                             "'"));
    }
    const absl::Status status = CheckFlag(flag, count, 1, most);
    if (!status.ok()) return status;
    counts.push_back(count);
  }
  if (counts.empty()) return RefuseFlag(flag, "must not be empty");
  return counts;
}

Line EngineLine(std::string_view what, const EngineConfig& config) {
  return {{"what", what},
          {"checkpoint", NameOf(config.engine.checkpoint)},
          {"dtype", engine::NameOf(config.engine.dtype)},
          {"weights", engine::NameOf(config.engine.weights)},
          {"threads", config.engine.threads},
          {"repeats", config.repeats}};
}

}  // namespace stagebeam::benchmarks
