#include "libs/engine/sampler.h"

#include <algorithm>
#include <cmath>

namespace stagebeam::engine {
namespace {

bool Contains(std::span<const int32_t> ids, int32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// The first size at which the nucleus is looked for; it grows fourfold.
constexpr size_t kFirstNucleus = 256;

absl::Status NotFinite() {
  return absl::InternalError("the model gave logits that are not finite");
}

}  // namespace

double LogSumExp(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - top);
  return top + std::log(sum);
}

absl::StatusOr<DrawnToken> TakeToken(std::span<const float> logits,
                                     int32_t id) {
  if (id < 0 || static_cast<size_t>(id) >= logits.size()) return NotFinite();
  const double logprob = logits[id] - LogSumExp(logits);
  if (!std::isfinite(logprob)) return NotFinite();
  return DrawnToken{.id = id, .logprob = logprob};
}

bool Sampler::Likelier(const Kept& a, const Kept& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

absl::StatusOr<DrawnToken> Sampler::Draw(std::span<const float> logits,
                                         std::span<const int32_t> masked,
                                         const DrawRules& rules,
                                         double uniform) {
  const double total = logits.empty() ? NAN : LogSumExp(logits);
  Collect(logits, masked);
  if (!std::isfinite(total) || kept_.empty()) {
    return NotFinite();
  }
  DrawnToken drawn;
  if (rules.temperature == 0) {
    drawn.id = PickLikeliest();
  } else {
    KeepTopK(rules.top_k);
    Weigh(rules.temperature);
    KeepTopP(rules.top_p);
    drawn.id = Pick(uniform);
  }
  drawn.logprob = logits[drawn.id] - total;
  return drawn;
}

void Sampler::Collect(std::span<const float> logits,
                      std::span<const int32_t> masked) {
  kept_.clear();
  for (size_t id = 0; id < logits.size(); ++id) {
    if (std::isfinite(logits[id]))
      kept_.push_back({logits[id], static_cast<int32_t>(id), 0});
  }
  if (masked.empty()) return;
  std::erase_if(kept_,
                [&](const Kept& kept) { return Contains(masked, kept.id); });
}

int32_t Sampler::PickLikeliest() const {
  return std::min_element(kept_.begin(), kept_.end(), Likelier)->id;
}

void Sampler::KeepTopK(int top_k) {
  if (top_k == 0 || static_cast<size_t>(top_k) >= kept_.size()) return;
  std::nth_element(kept_.begin(), kept_.begin() + top_k, kept_.end(), Likelier);
  kept_.resize(top_k);
}

void Sampler::Weigh(double temperature) {
  const double top =
      std::min_element(kept_.begin(), kept_.end(), Likelier)->logit;
  for (Kept& kept : kept_)
    kept.weight = std::exp((kept.logit - top) / temperature);
}

void Sampler::KeepTopP(double top_p) {
  if (top_p >= 1) return;
  double total = 0;
  for (const Kept& kept : kept_) total += kept.weight;
  double larger = 0;
  size_t sorted = 0;
  for (size_t i = 0; i < kept_.size(); ++i) {
    if (i ==
        sorted) {  // The nucleus is small most times: order only what it needs.
      sorted = std::min(kept_.size(), std::max(kFirstNucleus, 4 * sorted));
      std::partial_sort(kept_.begin() + i, kept_.begin() + sorted, kept_.end(),
                        Likelier);
    }
    if (i > 0 && larger >= top_p * total) {
      kept_.resize(i);
      return;
    }
    larger += kept_[i].weight;
  }
}

int32_t Sampler::Pick(double uniform) {
  std::sort(kept_.begin(), kept_.end(),
            [](const Kept& a, const Kept& b) { return a.id < b.id; });
  double total = 0;
  for (const Kept& kept : kept_) total += kept.weight;
  const double target = uniform * total;
  double sum = 0;
  for (const Kept& kept : kept_) {
    sum += kept.weight;
    if (sum > target) return kept.id;
  }
  return kept_.back().id;
}

}  // namespace stagebeam::engine
