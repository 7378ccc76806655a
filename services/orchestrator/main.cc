#include <string_view>

#include "libs/otlp/process_tracing.h"
#include "libs/serving/server.h"
#include "services/orchestrator/config.h"
#include "services/orchestrator/fan_out.h"
#include "services/orchestrator/orchestrator_service.h"
#include "services/orchestrator/remote_workers.h"
#include "services/orchestrator/solver.h"

namespace stagebeam::orchestrator {
namespace {

constexpr std::string_view kName = "stagebeam-orchestrator";

int Serve(const Config& config) {
  const serving::Logger logger(config.server.log_level);
  serving::Metrics metrics("orchestrator");
  const otlp::ProcessTracing tracing(config.server, "orchestrator", metrics,
                                     logger);
  const auto remote =
      RemoteWorkers::Create(config.workers, metrics, logger, tracing.tracer());
  if (!remote.ok()) return serving::ConfigError(kName, remote.status());
  FanOut fan_out(config.max_parallel_calls);
  FanOut early_duels(config.max_parallel_calls);
  SolverMetrics solver_metrics(metrics);
  Solver solver({.encoder = (*remote)->encoder(),
                 .generator = (*remote)->generator(),
                 .judge = (*remote)->judge(),
                 .fan_out = fan_out,
                 .judge_timeout = config.judge_timeout,
                 .early_duels = config.early_duels ? &early_duels : nullptr,
                 .tracer = tracing.tracer()},
                solver_metrics);
  const auto calls =
      serving::MakeCallRunner(config.server, metrics, logger,
                              absl::StatusCode::kUnavailable, tracing.tracer());
  if (!calls.ok()) return serving::ConfigError(kName, calls.status());
  OrchestratorServiceAdapter service(config.service, solver, solver_metrics,
                                     **calls);
  const auto server = serving::Server::Start(
      config.server, {{v1::OrchestratorService::service_full_name(), &service}},
      **calls, metrics, logger);
  if (!server.ok()) return serving::ConfigError(kName, server.status());
  (*server)->SetServing();
  return (*server)->Run();
}

}  // namespace
}  // namespace stagebeam::orchestrator

int main(int argc, char** argv) {
  using namespace stagebeam;  // NOLINT: the process's root.
  serving::ParseCommandLine(
      argc, argv, "Answers questions about pictures, searching at each stage.");
  const auto config = orchestrator::ConfigFromFlags();
  if (!config.ok())
    return serving::ConfigError(orchestrator::kName, config.status());
  return orchestrator::Serve(*config);
}
