#ifndef STAGEBEAM_SERVICES_JUDGE_CONFIG_H_
#define STAGEBEAM_SERVICES_JUDGE_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "libs/serving/config.h"
#include "services/judge/judge.h"
#include "services/worker/config.h"

namespace stagebeam::judge {

// Everything that a judge process is told.
struct JudgeConfig {
  serving::ServerOptions server;
  worker::WorkerOptions worker;
  JudgeOptions judge;
  // The prompts' file; need not exist.
  std::string prompts_file;
};

// From the flags, checked: INVALID_ARGUMENT names the flag and its limit.
absl::StatusOr<JudgeConfig> ConfigFromFlags();

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_CONFIG_H_
