#ifndef STAGEBEAM_LIBS_ENGINE_TEXT_MODEL_H_
#define STAGEBEAM_LIBS_ENGINE_TEXT_MODEL_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/checkpoint.h"
#include "libs/engine/key_values.h"

namespace stagebeam::engine {

// Rows of one step that share a prefix: `own->branches()` sequences that each
// append the same number of tokens. Prefill is one branch with many tokens,
// decode is many branches with one token each; the code is the same.
struct StepGroup {
  // Segments from the root on, one branch each, seen whole by every row.
  std::vector<const KeyValues*> prefix;
  // Keys and values of the branches' own tokens; row t of a branch sees those
  // before it and itself. Grows by the step's tokens.
  KeyValues* own = nullptr;
  // The picture's keys and values; null skips the cross layers whole.
  const ImageKeyValues* image = nullptr;
  // True for rows in front of <|image|>: they see all stored tiles, and their
  // cross layers' MLP is zeroed.
  bool before_image = false;
  // [branches * count], branch-major.
  std::vector<int32_t> token_ids;
  // Position of the first new token; equal for all branches.
  int position = 0;
  // Logits of each branch's last row are wanted.
  bool want_logits = false;
};

// Logits that a step was asked for, fp32, row-major [rows, vocab_size]: the
// branches of each group with want_logits, in order.
struct StepLogits {
  int rows = 0;
  int vocab_size = 0;
  std::vector<float> values;

  std::span<const float> row(int r) const {
    return std::span<const float>(values).subspan(
        static_cast<size_t>(r) * vocab_size, vocab_size);
  }
};

// mllama's language model. One caller at a time.
class TextModel {
 public:
  // INVALID_ARGUMENT names the tensor that is missing, surplus or of another
  // shape.
  static absl::StatusOr<std::unique_ptr<TextModel>> Load(
      const Checkpoint& checkpoint, const ModelPlacement& placement);
  ~TextModel();
  TextModel(const TextModel&) = delete;
  TextModel& operator=(const TextModel&) = delete;

  // Runs the linear layers over the rows of all groups at once and attention
  // group by group. INVALID_ARGUMENT: a group without tokens for each of its
  // branches, or a token that the model does not have. INTERNAL carries what
  // libtorch said (out of memory, say). A step that fails leaves all KeyValues
  // as long as they were.
  absl::StatusOr<StepLogits> Step(std::span<StepGroup> groups) const;

  // Cross-attention keys and values of all layers from stored features
  // (row-major [stored_tile_count * rows_per_tile, hidden], all tiles).
  // INVALID_ARGUMENT: another number of bytes. INTERNAL as above.
  absl::StatusOr<std::unique_ptr<ImageKeyValues>> MakeImageKeyValues(
      std::span<const char> features, DType features_dtype,
      int stored_tile_count, int rows_per_tile) const;

  // Empty keys and values for `branches` sequences with room for `capacity`
  // tokens each; they grow as needed.
  std::unique_ptr<KeyValues> MakeKeyValues(int branches, int capacity) const;

  // Bytes of keys and values of one token of one branch.
  int64_t bytes_per_token() const;
  int vocab_size() const;

 private:
  struct Weights;
  explicit TextModel(std::unique_ptr<Weights> weights);
  std::unique_ptr<Weights> weights_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TEXT_MODEL_H_
