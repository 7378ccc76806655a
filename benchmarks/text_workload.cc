#include "benchmarks/text_workload.h"

#include <algorithm>
#include <span>
#include <utility>

#include "benchmarks/stopwatch.h"
#include "libs/engine/torch_threads.h"

namespace stagebeam::benchmarks {

using engine::Checkpoint;
using engine::KeyValues;
using engine::StepGroup;
using engine::TextModel;

TextWorkload::TextWorkload(std::unique_ptr<Checkpoint> checkpoint,
                           std::unique_ptr<TextModel> model)
    : checkpoint_(std::move(checkpoint)), model_(std::move(model)) {}

absl::StatusOr<std::unique_ptr<TextWorkload>> TextWorkload::Load(
    const engine::EngineOptions& options, bool with_image) {
  engine::SetTorchThreads(options.threads);
  auto checkpoint = Checkpoint::Open(options.checkpoint);
  if (!checkpoint.ok()) return checkpoint.status();
  auto model = TextModel::Load(**checkpoint, {.dtype = options.dtype,
                                              .device = options.device,
                                              .weights = options.weights});
  if (!model.ok()) return model.status();
  std::unique_ptr<TextWorkload> workload(
      new TextWorkload(*std::move(checkpoint), *std::move(model)));
  if (!with_image) return workload;
  const absl::Status made = workload->MakeImage();
  if (!made.ok()) return made;
  return workload;
}

absl::Status TextWorkload::MakeImage() {
  const engine::VisionConfig& vision = config().vision;
  const int64_t rows = int64_t{vision.max_num_tiles} * vision.rows_per_tile();
  std::vector<float> features(
      static_cast<size_t>(rows * config().text.hidden_size));
  std::normal_distribution<float> normal;
  for (float& value : features) value = normal(random_);
  const std::span<const char> bytes(
      reinterpret_cast<const char*>(features.data()),
      features.size() * sizeof(float));
  auto image =
      model_->MakeImageKeyValues(bytes, engine::DType::kFloat32,
                                 vision.max_num_tiles, vision.rows_per_tile());
  if (!image.ok()) return image.status();
  image_ = *std::move(image);
  return absl::OkStatus();
}

int64_t TextWorkload::image_rows() const {
  if (image_ == nullptr) return 0;
  const engine::VisionConfig& vision = config().vision;
  return int64_t{vision.max_num_tiles} * vision.rows_per_tile();
}

std::vector<int32_t> TextWorkload::RandomTokens(int count) {
  std::uniform_int_distribution<int32_t> any(0, model_->vocab_size() - 1);
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  for (int32_t& token : tokens) token = any(random_);
  return tokens;
}

absl::StatusOr<std::unique_ptr<KeyValues>> TextWorkload::Prefill(int tokens,
                                                                 int chunk) {
  std::unique_ptr<KeyValues> own = model_->MakeKeyValues(1, tokens);
  while (own->length() < tokens) {
    const int count = std::min(chunk, tokens - own->length());
    StepGroup group{.prefix = {},
                    .own = own.get(),
                    .image = image_.get(),
                    .token_ids = RandomTokens(count),
                    .position = own->length(),
                    .want_logits = own->length() + count == tokens};
    const auto logits = model_->Step({&group, 1});
    if (!logits.ok()) return logits.status();
  }
  return own;
}

absl::StatusOr<double> TextWorkload::Decode(const KeyValues& prefix,
                                            int branches, int steps) {
  const std::unique_ptr<KeyValues> own =
      model_->MakeKeyValues(branches, steps + 1);
  Stopwatch watch;
  for (int step = 0; step <= steps; ++step) {
    if (step == 1) watch = Stopwatch();
    StepGroup group{.prefix = {&prefix},
                    .own = own.get(),
                    .image = image_.get(),
                    .token_ids = RandomTokens(branches),
                    .position = prefix.length() + step,
                    .want_logits = true};
    const auto logits = model_->Step({&group, 1});
    if (!logits.ok()) return logits.status();
  }
  return watch.seconds() / steps;
}

}  // namespace stagebeam::benchmarks
