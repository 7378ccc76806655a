#ifndef STAGEBEAM_SERVICES_GENERATOR_JUDGE_CONFIG_H_
#define STAGEBEAM_SERVICES_GENERATOR_JUDGE_CONFIG_H_

#include "absl/status/statusor.h"
#include "services/generator/config.h"
#include "services/judge/config.h"

// Generator and judge in one process, over one engine: one copy of the weights,
// of a picture's keys and values, and one scheduler for the calls of both.
namespace stagebeam::generator_judge {

// What either would be told in a process of its own. They agree on server and
// worker options, which are flags that both read.
struct GeneratorJudgeConfig {
  generator::GeneratorConfig generator;
  judge::JudgeConfig judge;
};

// From the flags of both, checked: INVALID_ARGUMENT names the flag and its
// limit.
absl::StatusOr<GeneratorJudgeConfig> ConfigFromFlags();

}  // namespace stagebeam::generator_judge

#endif  // STAGEBEAM_SERVICES_GENERATOR_JUDGE_CONFIG_H_
