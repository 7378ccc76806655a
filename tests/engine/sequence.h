#ifndef STAGEBEAM_TESTS_ENGINE_SEQUENCE_H_
#define STAGEBEAM_TESTS_ENGINE_SEQUENCE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "libs/engine/key_values.h"
#include "libs/engine/text_model.h"
#include "tests/engine/golden.h"

namespace stagebeam::engine {

// One sequence that a test feeds to a text model in pieces.
class Sequence {
 public:
  // Takes the picture's features from the golden case.
  Sequence(const TextModel& model, const GoldenCase& golden);

  // Feeds tokens in one step, two where they cross <|image|>; returns the
  // logits behind the last one.
  std::vector<float> Append(std::span<const int32_t> tokens);
  // Turns what was fed so far into a prefix segment.
  void Seal();
  // Continues as `branches` branches behind what was fed so far.
  void Fork(int branches);
  // A step of the sequence's next tokens (branch-major), which must not cross
  // <|image|>; call Advance once it has run.
  StepGroup NextGroup(std::span<const int32_t> tokens);
  void Advance(const StepGroup& group);

  int position() const { return position_; }
  KeyValues& own() { return *own_; }

 private:
  bool is_before_image() const {
    return image_ != nullptr && position_ < image_index_;
  }

  const TextModel& model_;
  const int image_index_;
  const int tile_count_;
  std::unique_ptr<ImageKeyValues> image_;
  std::vector<std::unique_ptr<KeyValues>> segments_;
  std::unique_ptr<KeyValues> own_;
  int position_ = 0;
};

// Runs one step and fails the test where the model does.
StepLogits RunStep(const TextModel& model, std::span<StepGroup> groups);

// A text model of a golden directory.
std::unique_ptr<TextModel> LoadTextModel(
    const GoldenModel& golden, DType dtype,
    WeightForm weights = WeightForm::kPacked);

std::vector<float> RowOf(const StepLogits& logits, int row);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_TESTS_ENGINE_SEQUENCE_H_
