#include "services/generator/config.h"

#include <utility>

#include "absl/flags/flag.h"

ABSL_FLAG(bool, close_at_limit, false,
          "Whether a candidate that would reach max_new_tokens ends with the "
          "first stop string instead, so that it can be judged; not where "
          "sentences end it, nor where max_new_tokens are too few for that");

namespace stagebeam::generator {

absl::StatusOr<GeneratorConfig> ConfigFromFlags() {
  auto server = serving::ServerOptionsFromFlags();
  if (!server.ok()) return server.status();
  auto worker = worker::WorkerOptionsFromFlags();
  if (!worker.ok()) return worker.status();
  return GeneratorConfig{
      *std::move(server),
      *std::move(worker),
      {.close_at_limit = absl::GetFlag(FLAGS_close_at_limit)}};
}

}  // namespace stagebeam::generator
