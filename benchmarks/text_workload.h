#ifndef STAGEBEAM_BENCHMARKS_TEXT_WORKLOAD_H_
#define STAGEBEAM_BENCHMARKS_TEXT_WORKLOAD_H_

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/checkpoint.h"
#include "libs/engine/options.h"
#include "libs/engine/text_model.h"

namespace stagebeam::benchmarks {

// A checkpoint's text model with random tokens, and random features in place of
// a picture: work of a given size, with the rounds of sampling left out.
//
// Not thread-safe.
class TextWorkload {
 public:
  // `with_image` puts a picture that fills all tiles in front of every token;
  // without it the cross layers are skipped. Errors as of TextModel.
  static absl::StatusOr<std::unique_ptr<TextWorkload>> Load(
      const engine::EngineOptions& options, bool with_image);

  // Reads `tokens` random tokens, `chunk` in a step, with logits of the last.
  absl::StatusOr<std::unique_ptr<engine::KeyValues>> Prefill(int tokens,
                                                             int chunk);

  // Seconds a step of `steps` steps that decode `branches` branches of one
  // token behind `prefix`, which they share. One more step goes before,
  // untimed.
  absl::StatusOr<double> Decode(const engine::KeyValues& prefix, int branches,
                                int steps);

  const engine::ModelConfig& config() const { return checkpoint_->config(); }
  // Rows of the picture's features; 0 without one.
  int64_t image_rows() const;

 private:
  TextWorkload(std::unique_ptr<engine::Checkpoint> checkpoint,
               std::unique_ptr<engine::TextModel> model);

  absl::Status MakeImage();
  std::vector<int32_t> RandomTokens(int count);

  const std::unique_ptr<engine::Checkpoint> checkpoint_;
  const std::unique_ptr<engine::TextModel> model_;
  std::unique_ptr<engine::ImageKeyValues> image_;
  std::mt19937 random_;
};

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_TEXT_WORKLOAD_H_
