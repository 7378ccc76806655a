#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_CONFIG_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_CONFIG_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/serving/config.h"
#include "services/orchestrator/orchestrator_service.h"
#include "services/orchestrator/remote_workers.h"

namespace stagebeam::orchestrator {

// Everything that an orchestrator process is told.
struct Config {
  serving::ServerOptions server;
  OrchestratorServiceAdapter::Options service;
  RemoteWorkersOptions workers;
  absl::Duration judge_timeout = absl::Minutes(1);
  // Generator calls beside those on the searches' own threads, and as many
  // early duels.
  int max_parallel_calls = 64;
  bool early_duels = true;
};

// From the flags, checked: INVALID_ARGUMENT names the flag and its limit.
absl::StatusOr<Config> ConfigFromFlags();

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_CONFIG_H_
