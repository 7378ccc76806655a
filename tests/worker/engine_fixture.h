#ifndef STAGEBEAM_TESTS_WORKER_ENGINE_FIXTURE_H_
#define STAGEBEAM_TESTS_WORKER_ENGINE_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/engine/engine.h"
#include "libs/features/feature_blob.h"
#include "libs/features/memory_store.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/serving/server.h"
#include "services/worker/engine_metrics.h"
#include "services/worker/feature_source.h"
#include "stagebeam/features/v1/features.pb.h"

namespace stagebeam::worker {

inline constexpr int kMaxContext = 2048;
inline constexpr int kMaxNewTokens = 256;

// A worker without its service: the reference checkpoint's engine in fp32, and
// a feature store in memory with the pictures "red" and "blue" (noise, but
// different noise) and "foreign", made by other vision weights.
class EngineFixture {
 public:
  EngineFixture() : metrics("test"), engine_metrics(metrics) {
    engine::EngineOptions options;
    options.checkpoint = "models/reference";
    options.dtype = engine::DType::kFloat32;
    options.threads = 1;
    options.max_context = kMaxContext;
    options.max_new_tokens = kMaxNewTokens;
    auto loaded = engine::Engine::Load(options, &engine_metrics);
    if (!loaded.ok()) ADD_FAILURE() << loaded.status();
    engine = *std::move(loaded);
    Keep("red", 1, engine->vision_digest());
    Keep("blue", 2, engine->vision_digest());
    Keep("foreign", 3, "another");
    features = std::make_unique<FeatureSource>(store, absl::Seconds(5));
  }

  static features::FeatureShape Shape() {
    return {.dtype = features::FeatureDType::kFloat32,
            .tile_count = 1,
            .rows_per_tile = 17,
            .hidden_size = 192,
            .stored_tile_count = 4};
  }

  static stagebeam::features::v1::ImageFeatures Image(const std::string& key) {
    stagebeam::features::v1::ImageFeatures image;
    image.set_key(key);
    image.set_tile_count(Shape().tile_count);
    image.set_rows_per_tile(Shape().rows_per_tile);
    image.set_hidden_size(Shape().hidden_size);
    image.set_stored_tile_count(Shape().stored_tile_count);
    return image;
  }

  // Serves `service` on a port of its own.
  std::unique_ptr<serving::Server> Serve(const std::string& name,
                                         grpc::Service& service,
                                         serving::CallRunner& calls) {
    serving::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.metrics_listen = "";
    auto server = serving::Server::Start(options, {{name, &service}}, calls,
                                         metrics, logger);
    if (!server.ok()) ADD_FAILURE() << server.status();
    return *std::move(server);
  }

  std::unique_ptr<serving::CallRunner> Calls() {
    return *serving::MakeCallRunner(serving::ServerOptions(), metrics, logger);
  }

  serving::Metrics metrics;
  serving::Logger logger{serving::LogLevel::kError};
  EngineMetrics engine_metrics;
  std::unique_ptr<engine::Engine> engine;
  std::shared_ptr<features::MemoryStore> store =
      std::make_shared<features::MemoryStore>(int64_t{64} << 20);
  std::unique_ptr<FeatureSource> features;

 private:
  void Keep(const std::string& key, int seed,
            const std::string& vision_digest) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::string payload(Shape().payload_bytes(), '\0');
    for (size_t i = 0; i + sizeof(float) <= payload.size();
         i += sizeof(float)) {
      const float value = normal(random);
      std::memcpy(payload.data() + i, &value, sizeof(float));
    }
    auto blob = features::FeatureBlob::Create(Shape(), vision_digest, payload);
    if (!blob.ok()) ADD_FAILURE() << blob.status();
    const absl::Status kept =
        store->Put(key, *std::move(blob), absl::InfiniteFuture());
    if (!kept.ok()) ADD_FAILURE() << kept;
  }
};

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_TESTS_WORKER_ENGINE_FIXTURE_H_
