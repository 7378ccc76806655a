#include "libs/engine/engine.h"
#include "libs/otlp/process_tracing.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/serving/server.h"
#include "services/generator/generator_service.h"
#include "services/generator_judge/config.h"
#include "services/judge/judge_service.h"
#include "services/worker/engine_metrics.h"
#include "services/worker/feature_source.h"
#include "services/worker/store_metrics.h"
#include "services/worker/warm_up.h"

using namespace stagebeam;  // NOLINT: the process's root.

int main(int argc, char** argv) {
  serving::ParseCommandLine(argc, argv, "Generator and judge on one model.");
  const auto config = generator_judge::ConfigFromFlags();
  if (!config.ok()) return serving::ConfigError(argv[0], config.status());
  const auto& [server_options, worker_options, sampling] = config->generator;
  const serving::Logger logger(server_options.log_level);
  serving::Metrics metrics("generator_judge");
  const otlp::ProcessTracing tracing(server_options, "generator-judge", metrics,
                                     logger);
  const tracing::Tracer& tracer = tracing.tracer();
  worker::StoreMetrics store_metrics(metrics);
  const auto features = worker::FeatureSource::Create(worker_options.features,
                                                      &store_metrics, tracer);
  if (!features.ok()) return serving::ConfigError(argv[0], features.status());

  worker::EngineMetrics engine_metrics(metrics);
  const auto engine =
      engine::Engine::Load(worker_options.engine, &engine_metrics);
  if (!engine.ok()) return serving::ConfigError(argv[0], engine.status());
  const auto wording = judge::JudgePrompts::Load(config->judge.prompts_file,
                                                 (*engine)->tokenizer());
  if (!wording.ok()) return serving::ConfigError(argv[0], wording.status());
  const absl::Status warm = worker::WarmUp(**engine);
  if (!warm.ok()) return serving::ConfigError(argv[0], warm);
  logger.Info("model loaded", {{"model_id", (*engine)->model_id()}});

  generator::EngineGenerator generator(**engine, **features, sampling, metrics,
                                       tracer);
  judge::EngineJudge judge(**engine, *wording, **features, config->judge.judge,
                           metrics, tracer);
  const auto calls =
      serving::MakeCallRunner(server_options, metrics, logger,
                              absl::StatusCode::kResourceExhausted, tracer);
  if (!calls.ok()) return serving::ConfigError(argv[0], calls.status());
  generator::GeneratorServiceAdapter candidates(generator, **calls);
  judge::JudgeServiceAdapter verdicts(judge, **calls);
  const auto server = serving::Server::Start(
      server_options,
      {{generator::v1::GeneratorService::service_full_name(), &candidates},
       {judge::v1::JudgeService::service_full_name(), &verdicts}},
      **calls, metrics, logger);
  if (!server.ok()) return serving::ConfigError(argv[0], server.status());
  (*server)->SetServing();
  return (*server)->Run();
}
