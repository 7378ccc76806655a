// How fast the text model decodes, by the number of branches.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "benchmarks/engine_config.h"
#include "benchmarks/machine_limits.h"
#include "benchmarks/model_cost.h"
#include "benchmarks/program.h"
#include "benchmarks/report.h"
#include "benchmarks/text_workload.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(std::vector<std::string>, branches,
          (std::vector<std::string>{"1", "2", "4", "8", "16", "32"}),
          "Branches decoded together, with commas between, [1, 4096] each");
ABSL_FLAG(int, prefix, 600, "Tokens that the branches share, [1, 131072]");
ABSL_FLAG(int, steps, 32, "Steps timed in each repetition, [1, 100000]");
ABSL_FLAG(bool, image, true,
          "Whether a picture of random features is in front, so that the cross "
          "layers run");

namespace stagebeam::benchmarks {
namespace {

constexpr double kGiga = 1e9;

struct DecodeConfig {
  EngineConfig engine;
  std::vector<int> branches;
  int prefix = 0;
  int steps = 0;
  bool with_image = true;
};

// Seconds a step of every repetition, by the number of branches. Repetition r
// of all of them ran one behind the other.
using StepSeconds = std::map<int, std::vector<double>>;

absl::StatusOr<DecodeConfig> ConfigFromFlags() {
  auto engine = EngineConfigFromFlags();
  if (!engine.ok()) return engine.status();
  auto branches = ParseCounts("branches", absl::GetFlag(FLAGS_branches), 4096);
  if (!branches.ok()) return branches.status();
  DecodeConfig config{*std::move(engine), *std::move(branches),
                      absl::GetFlag(FLAGS_prefix), absl::GetFlag(FLAGS_steps),
                      absl::GetFlag(FLAGS_image)};
  for (const absl::Status& status :
       {serving::CheckFlag("prefix", config.prefix, 1, 131072),
        serving::CheckFlag("steps", config.steps, 1, 100000)}) {
    if (!status.ok()) return status;
  }
  return config;
}

// The machine is measured in front of every repetition and behind the last.
absl::StatusOr<StepSeconds> Measure(const DecodeConfig& config,
                                    TextWorkload& workload,
                                    LimitsMeter& limits) {
  const auto prefix = workload.Prefill(config.prefix, config.prefix);
  if (!prefix.ok()) return prefix.status();
  StepSeconds seconds;
  for (int repeat = 0; repeat < config.engine.repeats; ++repeat) {
    const absl::Status measured = limits.Measure();
    if (!measured.ok()) return measured;
    for (const int branches : config.branches) {
      const auto step = workload.Decode(**prefix, branches, config.steps);
      if (!step.ok()) return step.status();
      seconds[branches].push_back(*step);
    }
  }
  const absl::Status measured = limits.Measure();
  if (!measured.ok()) return measured;
  return seconds;
}

// Median over the repetitions of the step's time by that at one branch; null
// where one branch was not asked for.
Line RatioToOne(const StepSeconds& seconds, int branches) {
  const auto one = seconds.find(1);
  if (one == seconds.end()) return nullptr;
  std::vector<double> ratios;
  for (size_t i = 0; i < one->second.size(); ++i) {
    ratios.push_back(seconds.at(branches)[i] / one->second[i]);
  }
  return Rounded(Median(ratios));
}

// Bytes of one number of a linear layer's weight; the scales of int8, one for
// each row, are not worth counting.
double WeightBytes(const engine::EngineOptions& options) {
  if (options.weights == engine::WeightForm::kInt8) return 1;
  return static_cast<double>(engine::SizeOf(options.dtype));
}

Line ResultLine(const DecodeConfig& config, const engine::TextConfig& model,
                const MachineLimits& limits, const StepSeconds& seconds,
                int branches) {
  const double step = Median(seconds.at(branches));
  const double weights =
      static_cast<double>(DecodeWeights(model, config.with_image));
  const double bytes = weights * WeightBytes(config.engine.engine);
  const double operations = 2 * weights * branches;
  Line line = EngineLine("decode", config.engine);
  line.update(Line{
      {"image", config.with_image},
      {"prefix", config.prefix},
      {"steps", config.steps},
      {"branches", branches},
      {"step_ms", Rounded(step * 1e3)},
      {"tokens_s", Rounded(branches / step)},
      {"weight_gb", Rounded(bytes / kGiga)},
      {"weight_gb_s", Rounded(bytes / step / kGiga)},
      {"share_of_read_huge_pages",
       Rounded(bytes / step / limits.huge_page_bytes)},
      {"gflop_s", Rounded(operations / step / kGiga)},
      {"share_of_gemm", Rounded(operations / step /
                                limits.operations(config.engine.engine.dtype))},
      {"ratio_to_one_branch", RatioToOne(seconds, branches)}});
  return line;
}

// The steps' milliseconds and ratios of all branch counts in one line.
Line SummaryLine(const DecodeConfig& config, const StepSeconds& seconds) {
  Line line = EngineLine("summary", config.engine);
  for (const int branches : config.branches) {
    const std::string key = std::to_string(branches);
    line["step_ms"][key] = Rounded(Median(seconds.at(branches)) * 1e3);
    line["ratio_to_one_branch"][key] = RatioToOne(seconds, branches);
  }
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
  for (const int branches : config->branches) {
    Print(ResultLine(*config, (*workload)->config().text, limits.best(),
                     *seconds, branches));
  }
  Print(SummaryLine(*config, *seconds));
  return absl::OkStatus();
}

}  // namespace
}  // namespace stagebeam::benchmarks

int main(int argc, char** argv) {
  return stagebeam::benchmarks::RunProgram(
      argc, argv, "Measures how fast the text model decodes.",
      stagebeam::benchmarks::Run);
}
