#include "tests/engine/engine_world.h"

#include <gtest/gtest.h>

#include <random>

namespace stagebeam::engine {
namespace {

// The reference checkpoint's pictures.
constexpr int kHidden = 192;
constexpr int kRowsPerTile = 17;
constexpr int kTiles = 4;

}  // namespace

EngineOptions ReferenceOptions() {
  EngineOptions options;
  options.checkpoint = "models/reference";
  options.dtype = DType::kFloat32;
  options.threads = 1;
  return options;
}

std::unique_ptr<Engine> LoadEngine(const EngineOptions& options,
                                   EngineObserver* observer) {
  auto engine = Engine::Load(options, observer);
  if (!engine.ok()) {
    ADD_FAILURE() << engine.status();
    return nullptr;
  }
  return *std::move(engine);
}

Features RandomFeatures(const Engine& engine, int seed, int tile_count) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(kTiles * kRowsPerTile * kHidden);
  for (float& value : values) value = normal(random);
  Features features;
  features.dtype = DType::kFloat32;
  features.tile_count = tile_count;
  features.rows_per_tile = kRowsPerTile;
  features.hidden_size = kHidden;
  features.stored_tile_count = kTiles;
  features.vision_digest = engine.vision_digest();
  features.owner = std::make_shared<const std::string>(
      reinterpret_cast<const char*>(values.data()),
      values.size() * sizeof(float));
  features.payload = *features.owner;
  return features;
}

ImagePrompt RandomImage(const Engine& engine, int seed,
                        std::atomic<int>* loads) {
  const auto load = [&engine, seed, loads]() -> absl::StatusOr<Features> {
    if (loads != nullptr) ++*loads;
    return RandomFeatures(engine, seed);
  };
  return {.key = "picture " + std::to_string(seed), .load = load};
}

GenerateCall Ask(const Engine& engine, const std::string& question,
                 std::optional<ImagePrompt> image, int branches,
                 int max_new_tokens) {
  GenerateCall call;
  call.prompts.push_back(
      {.prompt_token_ids = engine.chat().Prompt(question, image.has_value()),
       .branch_count = branches});
  call.image = std::move(image);
  call.sampling.temperature = 2;
  call.sampling.top_p = 1;
  call.sampling.seed = 1234;
  call.stopping.max_new_tokens = max_new_tokens;
  return call;
}

GenerateCall Continue(GenerateCall call, const std::vector<int32_t>& tokens) {
  std::vector<int32_t>& prompt = call.prompts.front().prompt_token_ids;
  prompt.insert(prompt.end(), tokens.begin(), tokens.end());
  ++call.sampling.stage_index;
  return call;
}

std::vector<std::vector<int32_t>> TokensOf(const GenerateOutput& output) {
  std::vector<std::vector<int32_t>> tokens;
  for (const Branch& branch : output.branches.front())
    tokens.push_back(branch.token_ids);
  return tokens;
}

GenerateOutput MustGenerate(Engine& engine, const GenerateCall& call) {
  auto output = engine.Generate(call);
  if (!output.ok()) {
    ADD_FAILURE() << output.status();
    return {.branches = std::vector<std::vector<Branch>>(
                call.prompts.size(),
                std::vector<Branch>(call.prompts.front().branch_count)),
            .usage = {}};
  }
  return *std::move(output);
}

void StepGate::OnStep(const StepReport& report) {
  absl::MutexLock lock(&mutex_);
  reports_.push_back(report);
  if (!shut_) return;
  held_ = true;
  const auto open = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !shut_;
  };
  mutex_.Await(absl::Condition(&open));
  held_ = false;
}

void StepGate::OnCall(const CallUsage& usage) {
  absl::MutexLock lock(&mutex_);
  ++calls_;
}

void StepGate::OnQueueLeft(absl::Duration waited) {
  absl::MutexLock lock(&mutex_);
  EXPECT_GE(waited, absl::ZeroDuration());
  ++queue_leavers_;
}

void StepGate::Shut() {
  absl::MutexLock lock(&mutex_);
  shut_ = true;
}

void StepGate::Open() {
  absl::MutexLock lock(&mutex_);
  shut_ = false;
}

void StepGate::AwaitHeld() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&held_));
}

StepReport StepGate::AwaitReport(
    const std::function<bool(const StepReport&)>& condition) {
  absl::MutexLock lock(&mutex_);
  size_t seen = 0;
  const auto found = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (; seen < reports_.size(); ++seen) {
      if (condition(reports_[seen])) return true;
    }
    return false;
  };
  mutex_.Await(absl::Condition(&found));
  return reports_[seen];
}

std::vector<StepReport> StepGate::reports() const {
  absl::MutexLock lock(&mutex_);
  return reports_;
}

int StepGate::calls() const {
  absl::MutexLock lock(&mutex_);
  return calls_;
}

int StepGate::queue_leavers() const {
  absl::MutexLock lock(&mutex_);
  return queue_leavers_;
}

}  // namespace stagebeam::engine
