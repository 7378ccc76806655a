#ifndef STAGEBEAM_LIBS_ENGINE_SAMPLER_H_
#define STAGEBEAM_LIBS_ENGINE_SAMPLER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace stagebeam::engine {

// A token and its natural-log probability under the model's own distribution
// (no temperature, no filter, nothing masked).
struct DrawnToken {
  int32_t id = 0;
  double logprob = 0;
};

// How the next token is drawn, in Hugging Face's order: temperature, top-k,
// top-p, one draw.
struct DrawRules {
  // 0: the likeliest token.
  double temperature = 0;
  // Tokens kept, the likeliest ones; 0: all.
  int top_k = 0;
  // Tokens are kept until they sum to this much; the likeliest stays always.
  double top_p = 1;
};

// Draws tokens from rows of logits. Equal logits are ordered by id, the lower
// first, so that a draw depends on nothing but its row and its random number.
//
// Keeps working memory between draws; not thread-safe.
class Sampler {
 public:
  // Draws from `logits` (fp32, one for each id). Ids in `masked` are never
  // drawn. `uniform` in [0, 1) picks by inverse CDF over the kept tokens in
  // order of their ids: that order does not change when rounding swaps two
  // near-equal logits. INTERNAL: no finite logit, or a NaN.
  absl::StatusOr<DrawnToken> Draw(std::span<const float> logits,
                                  std::span<const int32_t> masked,
                                  const DrawRules& rules, double uniform);

 private:
  struct Kept {
    float logit;
    int32_t id;
    float weight;
  };
  static bool Likelier(const Kept& a, const Kept& b);
  static double WeightOf(std::span<const Kept> tokens);

  // Takes every token that can be drawn, in order of ids. Returns the sum of
  // their weights e^((logit - top) / temperature), which is that of all.
  double Collect(float top, const DrawRules& rules);
  // Both leave kept_ in order of ids.
  void KeepTopK(int top_k);
  void KeepTopP(double top_p, double total);
  void DropBehind(const Kept& last);
  int32_t Pick(double uniform) const;

  // Logits, those of masked ids minus infinity; and their weights.
  std::vector<float> scores_, weights_;
  std::vector<Kept> kept_;
  // The same, in another order.
  std::vector<Kept> pool_;
};

// Token `id` with its log-probability, taken and not drawn. INTERNAL: a NaN, or
// the token has no finite logit.
absl::StatusOr<DrawnToken> TakeToken(std::span<const float> logits, int32_t id);

// Natural log of the sum of exp(logits), in double.
double LogSumExp(std::span<const float> logits);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_SAMPLER_H_
