// How fast the text model reads a prompt, by its length.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "benchmarks/engine_config.h"
#include "benchmarks/machine_limits.h"
#include "benchmarks/model_cost.h"
#include "benchmarks/program.h"
#include "benchmarks/report.h"
#include "benchmarks/stopwatch.h"
#include "benchmarks/text_workload.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(std::vector<std::string>, tokens,
          (std::vector<std::string>{"128", "512"}),
          "Lengths of prompts, with commas between, [1, 131072] each");
ABSL_FLAG(int, chunk, 0,
          "Tokens of one step, [0, 131072]; 0: the whole prompt");
ABSL_FLAG(bool, image, true,
          "Whether a picture of random features is in front, so that the cross "
          "layers run");

namespace stagebeam::benchmarks {
namespace {

constexpr double kGiga = 1e9;
constexpr int kMostTokens = 131072;

struct PrefillConfig {
  EngineConfig engine;
  std::vector<int> tokens;
  int chunk = 0;
  bool with_image = true;
};

// Seconds of every repetition, by the number of tokens.
using PromptSeconds = std::map<int, std::vector<double>>;

absl::StatusOr<PrefillConfig> ConfigFromFlags() {
  auto engine = EngineConfigFromFlags();
  if (!engine.ok()) return engine.status();
  auto tokens = ParseCounts("tokens", absl::GetFlag(FLAGS_tokens), kMostTokens);
  if (!tokens.ok()) return tokens.status();
  const int chunk = absl::GetFlag(FLAGS_chunk);
  const absl::Status status =
      serving::CheckFlag("chunk", chunk, 0, kMostTokens);
  if (!status.ok()) return status;
  return PrefillConfig{*std::move(engine), *std::move(tokens), chunk,
                       absl::GetFlag(FLAGS_image)};
}

absl::StatusOr<double> PrefillSeconds(const PrefillConfig& config, int tokens,
                                      TextWorkload& workload) {
  const int chunk = config.chunk > 0 ? config.chunk : tokens;
  const Stopwatch watch;
  const auto read = workload.Prefill(tokens, chunk);
  if (!read.ok()) return read.status();
  return watch.seconds();
}

// One repetition of all lengths; the machine is measured in front of it.
absl::Status MeasureOnce(const PrefillConfig& config, TextWorkload& workload,
                         LimitsMeter& limits, PromptSeconds& seconds) {
  const absl::Status measured = limits.Measure();
  if (!measured.ok()) return measured;
  for (const int tokens : config.tokens) {
    const auto prompt = PrefillSeconds(config, tokens, workload);
    if (!prompt.ok()) return prompt.status();
    seconds[tokens].push_back(*prompt);
  }
  return absl::OkStatus();
}

absl::StatusOr<PromptSeconds> Measure(const PrefillConfig& config,
                                      TextWorkload& workload,
                                      LimitsMeter& limits) {
  // The weights' first touches are not measured.
  const auto warm = workload.Prefill(config.tokens.front(), kMostTokens);
  if (!warm.ok()) return warm.status();
  PromptSeconds seconds;
  for (int repeat = 0; repeat < config.engine.repeats; ++repeat) {
    const absl::Status once = MeasureOnce(config, workload, limits, seconds);
    if (!once.ok()) return once;
  }
  const absl::Status measured = limits.Measure();
  if (!measured.ok()) return measured;
  return seconds;
}

Line ResultLine(const PrefillConfig& config, const TextWorkload& workload,
                const MachineLimits& limits, int tokens, double seconds) {
  const double rate =
      PrefillOperations(workload.config().text, tokens, workload.image_rows()) /
      seconds;
  Line line = EngineLine("prefill", config.engine);
  line.update(
      Line{{"image", config.with_image},
           {"chunk", config.chunk},
           {"tokens", tokens},
           {"prefill_ms", Rounded(seconds * 1e3)},
           {"tokens_s", Rounded(tokens / seconds)},
           {"gflop_s", Rounded(rate / kGiga)},
           {"share_of_gemm",
            Rounded(rate / limits.operations(config.engine.engine.dtype))}});
  return line;
}

absl::Status Run() {
  const auto config = ConfigFromFlags();
  if (!config.ok()) return config.status();
  const auto workload =
      TextWorkload::Load(config->engine.engine, config->with_image);
  if (!workload.ok()) return workload.status();
  LimitsMeter limits(config->engine.limits);
  const auto seconds = Measure(*config, **workload, limits);
  if (!seconds.ok()) return seconds.status();
  Print(LimitsLine(limits));
  Line summary = EngineLine("summary", config->engine);
  for (const int tokens : config->tokens) {
    const Line line = ResultLine(*config, **workload, limits.best(), tokens,
                                 Median(seconds->at(tokens)));
    Print(line);
    const std::string key = std::to_string(tokens);
    summary["gflop_s"][key] = line["gflop_s"];
    summary["share_of_gemm"][key] = line["share_of_gemm"];
  }
  Print(summary);
  return absl::OkStatus();
}

}  // namespace
}  // namespace stagebeam::benchmarks

int main(int argc, char** argv) {
  return stagebeam::benchmarks::RunProgram(
      argc, argv, "Measures how fast the text model reads a prompt.",
      stagebeam::benchmarks::Run);
}
