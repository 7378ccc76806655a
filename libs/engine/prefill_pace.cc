#include "libs/engine/prefill_pace.h"

#include <algorithm>

namespace stagebeam::engine {
namespace {

// Fewer tokens would cost as much: the weights are read for them anyway.
constexpr int kLeast = 16;
// Before anything was measured.
constexpr int kFirst = 64;
// Share of the newest step in a running mean.
constexpr double kNewest = 0.25;

void Average(absl::Duration newest, absl::Duration& mean) {
  mean = mean == absl::ZeroDuration() ? newest
                                      : mean * (1 - kNewest) + newest * kNewest;
}

}  // namespace

int PrefillPace::Budget(bool decoding) const {
  if (!decoding) return chunk_;
  const int least = std::min(kLeast, chunk_);
  if (prompt_token_ == absl::ZeroDuration()) return std::min(kFirst, chunk_);
  const double fit =
      absl::FDivDuration(max_stall_ - decode_step_, prompt_token_);
  return static_cast<int>(std::clamp<double>(fit, least, chunk_));
}

void PrefillPace::StepTook(int prefill_tokens, int decode_tokens,
                           absl::Duration time) {
  if (prefill_tokens == 0) {
    if (decode_tokens > 0) Average(time, decode_step_);
    return;
  }
  // Reading the weights, which the branches need as well, is no prompt token's.
  if (decode_tokens > 0) time -= std::min(decode_step_, time / 2);
  if (prefill_tokens >= kLeast) Average(time / prefill_tokens, prompt_token_);
}

}  // namespace stagebeam::engine
