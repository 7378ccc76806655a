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
ABSL_FLAG(int, repeats, 5,
          "Times that everything is measured, [1, 1000]; medians are reported");

namespace stagebeam::benchmarks {
namespace {

using engine::DType;
using serving::CheckFlag;
using serving::RefuseFlag;

absl::StatusOr<DType> ParseDType(const std::string& name) {
  if (name == "bfloat16") return DType::kBFloat16;
  if (name == "float32") return DType::kFloat32;
  return RefuseFlag(
      "dtype", absl::StrCat("must be bfloat16 or float32, got '", name, "'"));
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
  const auto dtype = ParseDType(absl::GetFlag(FLAGS_dtype));
  if (!dtype.ok()) return dtype.status();
  config.limits = *limits;
  config.engine.checkpoint = absl::GetFlag(FLAGS_checkpoint);
  config.engine.dtype = *dtype;
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
  const bool is_float32 = config.engine.dtype == DType::kFloat32;
  return {{"what", what},
          {"checkpoint", NameOf(config.engine.checkpoint)},
          {"dtype", is_float32 ? "float32" : "bfloat16"},
          {"threads", config.engine.threads},
          {"repeats", config.repeats}};
}

}  // namespace stagebeam::benchmarks
