// What this machine can do at most.

#include "absl/flags/flag.h"
#include "benchmarks/limits_config.h"
#include "benchmarks/machine_limits.h"
#include "benchmarks/program.h"
#include "benchmarks/report.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(int, rounds, 3, "Rounds of measuring, [1, 1000]; the best counts");

namespace stagebeam::benchmarks {
namespace {

absl::Status Run() {
  const auto options = LimitsFromFlags();
  if (!options.ok()) return options.status();
  const int rounds = absl::GetFlag(FLAGS_rounds);
  const absl::Status checked = serving::CheckFlag("rounds", rounds, 1, 1000);
  if (!checked.ok()) return checked;
  LimitsMeter limits(*options);
  for (int round = 0; round < rounds; ++round) {
    const absl::Status measured = limits.Measure();
    if (!measured.ok()) return measured;
  }
  Print(LimitsLine(limits));
  return absl::OkStatus();
}

}  // namespace
}  // namespace stagebeam::benchmarks

int main(int argc, char** argv) {
  return stagebeam::benchmarks::RunProgram(
      argc, argv, "Measures how fast this machine reads and multiplies.",
      stagebeam::benchmarks::Run);
}
