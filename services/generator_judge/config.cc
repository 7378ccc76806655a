#include "services/generator_judge/config.h"

#include <utility>

namespace stagebeam::generator_judge {

absl::StatusOr<GeneratorJudgeConfig> ConfigFromFlags() {
  auto generator = generator::ConfigFromFlags();
  if (!generator.ok()) return generator.status();
  auto judge = judge::ConfigFromFlags();
  if (!judge.ok()) return judge.status();
  return GeneratorJudgeConfig{*std::move(generator), *std::move(judge)};
}

}  // namespace stagebeam::generator_judge
