#ifndef STAGEBEAM_BENCHMARKS_ENGINE_CONFIG_H_
#define STAGEBEAM_BENCHMARKS_ENGINE_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "benchmarks/machine_limits.h"
#include "benchmarks/report.h"
#include "libs/engine/options.h"

namespace stagebeam::benchmarks {

// What the programs that run a model are told alike.
struct EngineConfig {
  // `threads` is that of `limits`; the model runs on the CPU.
  engine::EngineOptions engine;
  LimitsMeter::Options limits;
  // Times that everything is measured; medians are reported.
  int repeats = 5;
};

// The flags behind EngineConfig, checked. INVALID_ARGUMENT, here and below,
// names the flag and its limit.
absl::StatusOr<EngineConfig> EngineConfigFromFlags();

// The numbers of a flag with commas between them, each in [1, most].
absl::StatusOr<std::vector<int>> ParseCounts(
    std::string_view flag, const std::vector<std::string>& texts, int most);

// {"what": `what`, ...}: what ran, for a line with figures to continue.
Line EngineLine(std::string_view what, const EngineConfig& config);

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_ENGINE_CONFIG_H_
