#include "tests/engine/sequence.h"

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "libs/engine/checkpoint.h"

namespace stagebeam::engine {
namespace {

// Small, so that every test lets keys and values grow.
constexpr int kFirstCapacity = 2;

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << "\n";
  std::abort();
}

std::unique_ptr<ImageKeyValues> MakeImage(const TextModel& model,
                                          const GoldenCase& golden) {
  const std::span<const char> bytes(
      reinterpret_cast<const char*>(golden.features.data()),
      golden.features.size() * sizeof(float));
  const size_t rows =
      golden.features.size() / static_cast<size_t>(golden.hidden_size);
  const int rows_per_tile = static_cast<int>(rows) / golden.stored_tiles;
  return OrDie(model.MakeImageKeyValues(bytes, DType::kFloat32,
                                        golden.stored_tiles, rows_per_tile));
}

}  // namespace

Sequence::Sequence(const TextModel& model, const GoldenCase& golden)
    : model_(model),
      image_index_(golden.image_index),
      tile_count_(golden.tile_count),
      image_(golden.has_picture() ? MakeImage(model, golden) : nullptr),
      own_(model.MakeKeyValues(1, kFirstCapacity)) {
  if (image_ != nullptr && image_index_ == 0) image_->KeepTiles(tile_count_);
}

StepGroup Sequence::NextGroup(std::span<const int32_t> tokens) {
  StepGroup group;
  for (const auto& segment : segments_) group.prefix.push_back(segment.get());
  group.own = own_.get();
  group.image = image_.get();
  group.before_image = is_before_image();
  group.token_ids.assign(tokens.begin(), tokens.end());
  group.position = position_;
  group.want_logits = true;
  return group;
}

void Sequence::Advance(const StepGroup& group) {
  position_ += static_cast<int>(group.token_ids.size()) / own_->branches();
  if (image_ != nullptr && position_ == image_index_)
    image_->KeepTiles(tile_count_);
}

std::vector<float> Sequence::Append(std::span<const int32_t> tokens) {
  const size_t left = is_before_image()
                          ? static_cast<size_t>(image_index_ - position_)
                          : SIZE_MAX;
  if (tokens.size() > left) {
    Append(tokens.first(left));
    tokens = tokens.subspan(left);
  }
  StepGroup group = NextGroup(tokens);
  const StepLogits logits = RunStep(model_, {&group, 1});
  Advance(group);
  return RowOf(logits, 0);
}

void Sequence::Seal() {
  segments_.push_back(own_->Extract(0, own_->length()));
  own_ = model_.MakeKeyValues(1, kFirstCapacity);
}

void Sequence::Fork(int branches) {
  Seal();
  own_ = model_.MakeKeyValues(branches, kFirstCapacity);
}

StepLogits RunStep(const TextModel& model, std::span<StepGroup> groups) {
  return OrDie(model.Step(groups));
}

std::unique_ptr<TextModel> LoadTextModel(const GoldenModel& golden, DType dtype,
                                         WeightForm weights) {
  const auto checkpoint = OrDie(Checkpoint::Open(golden.directory));
  return OrDie(TextModel::Load(*checkpoint, {dtype, "cpu", weights}));
}

std::vector<float> RowOf(const StepLogits& logits, int row) {
  const std::span<const float> values = logits.row(row);
  return {values.begin(), values.end()};
}

}  // namespace stagebeam::engine
