#include "libs/engine/engine.h"
#include "libs/otlp/process_tracing.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/serving/server.h"
#include "services/generator/config.h"
#include "services/generator/generator.h"
#include "services/generator/generator_service.h"
#include "services/worker/engine_metrics.h"
#include "services/worker/feature_source.h"
#include "services/worker/store_metrics.h"
#include "services/worker/warm_up.h"

using namespace stagebeam;  // NOLINT: the process's root.

int main(int argc, char** argv) {
  serving::ParseCommandLine(argc, argv,
                            "Samples candidate continuations of a prefix.");
  const auto config = generator::ConfigFromFlags();
  if (!config.ok()) return serving::ConfigError(argv[0], config.status());
  const serving::Logger logger(config->server.log_level);
  serving::Metrics metrics("generator");
  const otlp::ProcessTracing tracing(config->server, "generator", metrics,
                                     logger);
  const tracing::Tracer& tracer = tracing.tracer();

  worker::StoreMetrics store_metrics(metrics);
  const auto features = worker::FeatureSource::Create(config->worker.features,
                                                      &store_metrics, tracer);
  if (!features.ok()) return serving::ConfigError(argv[0], features.status());

  worker::EngineMetrics engine_metrics(metrics);
  const auto engine =
      engine::Engine::Load(config->worker.engine, &engine_metrics);
  if (!engine.ok()) return serving::ConfigError(argv[0], engine.status());
  const absl::Status warm = worker::WarmUp(**engine);
  if (!warm.ok()) return serving::ConfigError(argv[0], warm);
  logger.Info("model loaded", {{"model_id", (*engine)->model_id()}});

  generator::EngineGenerator generator(**engine, **features, config->generator,
                                       metrics, tracer);
  const auto calls =
      serving::MakeCallRunner(config->server, metrics, logger,
                              absl::StatusCode::kResourceExhausted, tracer);
  if (!calls.ok()) return serving::ConfigError(argv[0], calls.status());
  generator::GeneratorServiceAdapter service(generator, **calls);
  const auto server = serving::Server::Start(
      config->server,
      {{generator::v1::GeneratorService::service_full_name(), &service}},
      **calls, metrics, logger);
  if (!server.ok()) return serving::ConfigError(argv[0], server.status());
  (*server)->SetServing();
  return (*server)->Run();
}
