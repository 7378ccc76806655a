#include "services/generator/config.h"

#include <utility>

namespace stagebeam::generator {

absl::StatusOr<GeneratorConfig> ConfigFromFlags() {
  auto server = serving::ServerOptionsFromFlags();
  if (!server.ok()) return server.status();
  auto worker = worker::WorkerOptionsFromFlags();
  if (!worker.ok()) return worker.status();
  return GeneratorConfig{*std::move(server), *std::move(worker)};
}

}  // namespace stagebeam::generator
