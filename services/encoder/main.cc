#include <string_view>

#include "libs/engine/vision_encoder.h"
#include "libs/features/feature_stack.h"
#include "libs/otlp/process_tracing.h"
#include "libs/serving/server.h"
#include "services/encoder/config.h"
#include "services/encoder/encoder.h"
#include "services/encoder/encoder_metrics.h"
#include "services/encoder/encoder_service.h"
#include "services/worker/store_metrics.h"

namespace stagebeam::encoder {
namespace {

constexpr std::string_view kName = "stagebeam-encoder";

int Serve(const Config& config) {
  const serving::Logger logger(config.server.log_level);
  serving::Metrics metrics("encoder");
  const otlp::ProcessTracing tracing(config.server, "encoder", metrics, logger);
  worker::StoreMetrics store_metrics(metrics);
  auto vision = engine::VisionEncoder::Load(config.engine);
  if (!vision.ok()) return serving::ConfigError(kName, vision.status());
  auto stack =
      features::BuildFeatureStack(config.features, nullptr, &store_metrics);
  if (!stack.ok()) return serving::ConfigError(kName, stack.status());
  EncoderMetrics encoder_metrics(metrics);
  EncodingQueue queue(config.queue);
  EngineEncoder encoder(**vision, *stack, queue, config.encoder,
                        encoder_metrics, tracing.tracer());
  auto calls = serving::MakeCallRunner(config.server, metrics, logger,
                                       absl::StatusCode::kResourceExhausted,
                                       tracing.tracer());
  if (!calls.ok()) return serving::ConfigError(kName, calls.status());
  EncoderService service(encoder, *stack->store, **calls);
  auto server = serving::Server::Start(
      config.server, {{v1::EncoderService::service_full_name(), &service}},
      **calls, metrics, logger);
  if (!server.ok()) return serving::ConfigError(kName, server.status());
  if (absl::Status warm = encoder.WarmUp(); !warm.ok())
    return serving::ConfigError(kName, warm);
  (*server)->SetServing();
  return (*server)->Run();
}

}  // namespace
}  // namespace stagebeam::encoder

int main(int argc, char** argv) {
  using stagebeam::encoder::ConfigFromFlags;
  stagebeam::serving::ParseCommandLine(
      argc, argv, "Encodes pictures into vision features, once each.");
  const auto config = ConfigFromFlags();
  if (!config.ok()) {
    return stagebeam::serving::ConfigError(stagebeam::encoder::kName,
                                           config.status());
  }
  return stagebeam::encoder::Serve(*config);
}
