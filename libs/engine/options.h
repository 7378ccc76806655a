#ifndef STAGEBEAM_LIBS_ENGINE_OPTIONS_H_
#define STAGEBEAM_LIBS_ENGINE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace stagebeam::engine {

// Number format of weights, activations and keys and values.
enum class DType { kFloat32, kBFloat16 };

// Bytes of one number.
constexpr int64_t SizeOf(DType dtype) {
  return dtype == DType::kFloat32 ? 4 : 2;
}

// How the weights of linear layers are held in memory.
enum class WeightForm {
  // A private copy, laid out for the processor: the fastest.
  kPacked,
  // A private copy in 8 bits: faster still where memory limits, less exact.
  kInt8,
  // The checkpoint's own file, whose memory all processes share: ready at once.
  kMapped,
};

// Formats by the names that flags give them: "bfloat16" and "float32";
// "packed", "int8" and "mapped". Nothing for another name.
std::optional<DType> DTypeNamed(std::string_view name);
std::optional<WeightForm> WeightFormNamed(std::string_view name);
std::string_view NameOf(DType dtype);
std::string_view NameOf(WeightForm weights);

// How to run a checkpoint.
struct EngineOptions {
  // Hugging Face directory.
  std::string checkpoint;
  DType dtype = DType::kBFloat16;
  // "cpu" or "cuda:N".
  std::string device = "cpu";
  // On the CPU. A GPU holds plain numbers of `dtype`, and refuses kInt8.
  WeightForm weights = WeightForm::kPacked;
  // On a GPU: whether what a small step does between its attentions is recorded
  // once and replayed as CUDA graphs.
  bool cuda_graphs = false;
  // Threads of one operation; 0: one for each core that the process may use.
  int threads = 0;
  // Copies of BOS in front of a prompt, 1 or 2.
  int bos_count = 1;
  // Keys and values of text, running calls and kept prefixes together.
  int64_t kv_bytes = int64_t{1} << 30;
  // Keys and values of pictures, kept.
  int64_t image_bytes = int64_t{1} << 30;
  // Calls waiting for a place; one more is refused.
  int max_waiting_calls = 256;
  // Branches decoded together at most.
  int max_running_branches = 256;
  // Prompt tokens a step at most.
  int prefill_chunk = 256;
  // How long a step with prompt tokens may take while branches decode; a step
  // takes fewer tokens accordingly.
  absl::Duration max_stall = absl::Milliseconds(200);
  // Cap on a branch's tokens.
  int max_new_tokens = 2048;
  // Cap on prompt and continuation; 0: the model's max_position_embeddings.
  int max_context = 0;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_OPTIONS_H_
