#ifndef STAGEBEAM_SERVICES_GENERATOR_CONFIG_H_
#define STAGEBEAM_SERVICES_GENERATOR_CONFIG_H_

#include "absl/status/statusor.h"
#include "libs/serving/config.h"
#include "services/generator/generator.h"
#include "services/worker/config.h"

namespace stagebeam::generator {

// Everything that a generator process is told.
struct GeneratorConfig {
  serving::ServerOptions server;
  worker::WorkerOptions worker;
  GeneratorOptions generator;
};

// From the flags, checked: INVALID_ARGUMENT names the flag and its limit.
absl::StatusOr<GeneratorConfig> ConfigFromFlags();

}  // namespace stagebeam::generator

#endif  // STAGEBEAM_SERVICES_GENERATOR_CONFIG_H_
