#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/engine/engine_world.h"

namespace stagebeam::engine {
namespace {

TEST(EngineLoad, TellsWhatItRuns) {
  const auto engine = LoadEngine();
  EXPECT_EQ(engine->model_id().substr(0, 10), "reference@");
  EXPECT_EQ(engine->model_id().size(), 10u + 16u);
  EXPECT_FALSE(engine->vision_digest().empty());
  EXPECT_EQ(engine->max_context(), 131072);
  EXPECT_EQ(engine->max_new_tokens(), 2048);
  EXPECT_EQ(engine->default_sampling().temperature, 0.6);
  EXPECT_EQ(engine->default_sampling().top_p, 0.9);
  EXPECT_EQ(engine->default_sampling().top_k, 50);
  EXPECT_EQ(engine->tokenizer().SpecialId("<|image|>"),
            engine->chat().image_id());
}

TEST(EngineLoad, ADirectoryMayBeWrittenWithASlashAtTheEnd) {
  EngineOptions options = ReferenceOptions();
  options.checkpoint += "/";
  const auto engine = LoadEngine(options);
  EXPECT_EQ(engine->model_id(), LoadEngine()->model_id());
}

TEST(EngineLoad, RunsInBothNumberFormats) {
  EngineOptions options = ReferenceOptions();
  options.dtype = DType::kBFloat16;
  const auto engine = LoadEngine(options);
  const GenerateOutput output = MustGenerate(
      *engine,
      Ask(*engine, "How many circles?", RandomImage(*engine, 1), 2, 8));
  EXPECT_EQ(output.branches[0].size(), 2u);
}

TEST(EngineLoad, OptionsOutOfRangeAreNamed) {
  const std::vector<std::pair<std::string, std::function<void(EngineOptions&)>>>
      spoilers = {
          {"threads", [](EngineOptions& o) { o.threads = -1; }},
          {"kv_bytes", [](EngineOptions& o) { o.kv_bytes = 0; }},
          {"image_bytes", [](EngineOptions& o) { o.image_bytes = -5; }},
          {"max_waiting_calls",
           [](EngineOptions& o) { o.max_waiting_calls = 0; }},
          {"max_running_branches",
           [](EngineOptions& o) { o.max_running_branches = 0; }},
          {"prefill_chunk", [](EngineOptions& o) { o.prefill_chunk = 0; }},
          {"max_new_tokens", [](EngineOptions& o) { o.max_new_tokens = 0; }},
          // The device is the CPU.
          {"cuda_graphs", [](EngineOptions& o) { o.cuda_graphs = true; }},
          {"device", [](EngineOptions& o) { o.device = "cuda:99"; }},
          {"weights",
           [](EngineOptions& o) {
             o.weights = WeightForm::kInt8;
             o.device = "cuda:0";
           }},
          {"bos_count", [](EngineOptions& o) { o.bos_count = 3; }},
          {"max_context", [](EngineOptions& o) { o.max_context = 131073; }}};
  for (const auto& [field, spoil] : spoilers) {
    EngineOptions options = ReferenceOptions();
    spoil(options);
    const auto engine = Engine::Load(options, nullptr);
    EXPECT_EQ(engine.status().code(), absl::StatusCode::kInvalidArgument)
        << field;
    EXPECT_NE(std::string(engine.status().message()).find(field),
              std::string::npos)
        << engine.status();
  }
}

TEST(EngineLoad, ADirectoryThatIsNotThereIsNotFound) {
  EngineOptions options = ReferenceOptions();
  options.checkpoint = "models/none";
  const auto engine = Engine::Load(options, nullptr);
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kNotFound)
      << engine.status();
}

TEST(EngineLoad, TheEngineGoesOnAfterAModelFailure) {
  const auto engine = LoadEngine();
  GenerateCall call =
      Ask(*engine, "How many circles?", RandomImage(*engine, 1), 2, 8);
  call.image->key = "not numbers";
  call.image->load = [&]() -> absl::StatusOr<Features> {
    Features features = RandomFeatures(*engine, 1);
    std::vector<float> values(features.payload.size() / sizeof(float),
                              std::numeric_limits<float>::quiet_NaN());
    features.owner = std::make_shared<const std::string>(
        reinterpret_cast<const char*>(values.data()), features.payload.size());
    features.payload = *features.owner;
    return features;
  };
  EXPECT_EQ(engine->Generate(call).status().code(),
            absl::StatusCode::kInternal);
  MustGenerate(*engine, Ask(*engine, "How many circles?",
                            RandomImage(*engine, 1), 2, 8));
}

}  // namespace
}  // namespace stagebeam::engine
