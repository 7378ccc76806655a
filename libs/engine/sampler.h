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
    double weight;
  };
  static bool Likelier(const Kept& a, const Kept& b);

  void Collect(std::span<const float> logits, std::span<const int32_t> masked);
  int32_t PickLikeliest() const;
  void KeepTopK(int top_k);
  void Weigh(double temperature);
  void KeepTopP(double top_p);
  int32_t Pick(double uniform);

  std::vector<Kept> kept_;
};

// Token `id` with its log-probability, taken and not drawn. INTERNAL: a NaN, or
// the token has no finite logit.
absl::StatusOr<DrawnToken> TakeToken(std::span<const float> logits, int32_t id);

// Natural log of the sum of exp(logits), in double.
double LogSumExp(std::span<const float> logits);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_SAMPLER_H_
