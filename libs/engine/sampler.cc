#include "libs/engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "libs/kernels/softmax.h"

namespace stagebeam::engine {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

absl::Status NotFinite() {
  return absl::InternalError("the model gave logits that are not finite");
}

}  // namespace

double LogSumExp(std::span<const float> logits) {
  const auto is_nan = [](float x) { return std::isnan(x); };
  if (std::any_of(logits.begin(), logits.end(), is_nan)) return NAN;
  const float top = *std::max_element(logits.begin(), logits.end());
  if (!std::isfinite(top)) return top;
  return top + std::log(kernels::Exponentials(logits.data(), std::ssize(logits),
                                              top, 1,
                                              /*weights=*/nullptr));
}

absl::StatusOr<DrawnToken> TakeToken(std::span<const float> logits,
                                     int32_t id) {
  if (id < 0 || static_cast<size_t>(id) >= logits.size()) return NotFinite();
  const double logprob = logits[id] - LogSumExp(logits);
  if (!std::isfinite(logprob)) return NotFinite();
  return DrawnToken{.id = id, .logprob = logprob};
}

double Sampler::WeightOf(std::span<const Kept> tokens) {
  double sum = 0;
  for (const Kept& token : tokens) sum += token.weight;
  return sum;
}

bool Sampler::Likelier(const Kept& a, const Kept& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

absl::StatusOr<DrawnToken> Sampler::Draw(std::span<const float> logits,
                                         std::span<const int32_t> masked,
                                         const DrawRules& rules,
                                         double uniform) {
  const double total = logits.empty() ? NAN : LogSumExp(logits);
  if (!std::isfinite(total)) return NotFinite();
  scores_.assign(logits.begin(), logits.end());
  for (const int32_t id : masked)
    if (id >= 0 && id < std::ssize(logits)) scores_[id] = kNever;
  const auto top = std::max_element(scores_.begin(), scores_.end());
  if (*top == kNever) return NotFinite();
  DrawnToken drawn{.id = static_cast<int32_t>(top - scores_.begin())};
  if (rules.temperature > 0) {
    const double sum = Collect(*top, rules);
    KeepTopK(rules.top_k);
    KeepTopP(rules.top_p, rules.top_k == 0 ? sum : WeightOf(kept_));
    drawn.id = Pick(uniform);
  }
  drawn.logprob = logits[drawn.id] - total;
  return drawn;
}

double Sampler::Collect(float top, const DrawRules& rules) {
  weights_.resize(scores_.size());
  // A finite number, or the likeliest's weight would be none.
  const auto sharpness =
      static_cast<float>(std::min(1 / rules.temperature, 1e30));
  const auto size = std::ssize(scores_);
  const double sum = kernels::Exponentials(scores_.data(), size, top, sharpness,
                                           weights_.data());
  // All below it sum to less than what top-p leaves out.
  const double floor =
      rules.top_k > 0 ? 0 : (1 - rules.top_p) * sum / static_cast<double>(size);
  kept_.clear();
  for (size_t id = 0; id < scores_.size(); ++id) {
    if (weights_[id] >= floor && scores_[id] != kNever)
      kept_.push_back({scores_[id], static_cast<int32_t>(id), weights_[id]});
  }
  return sum;
}

void Sampler::KeepTopK(int top_k) {
  if (top_k == 0 || top_k >= std::ssize(kept_)) return;
  pool_ = kept_;
  const auto last = pool_.begin() + top_k - 1;
  std::nth_element(pool_.begin(), last, pool_.end(), Likelier);
  DropBehind(*last);
}

// The last token of the nucleus is the one behind which the likelier ones sum
// to top_p: found by halves, of which each is looked at once.
void Sampler::KeepTopP(double top_p, double total) {
  if (top_p >= 1) return;
  pool_ = kept_;
  double missing = top_p * total;
  auto begin = pool_.begin(), end = pool_.end();
  while (end - begin > 1) {
    const auto middle = begin + (end - begin) / 2;
    std::nth_element(begin, middle, end, Likelier);
    const double likelier = WeightOf({begin, middle});
    if (likelier >= missing) {
      end = middle;
    } else {
      missing -= likelier;
      begin = middle;
    }
  }
  DropBehind(*begin);
}

void Sampler::DropBehind(const Kept& last) {
  std::erase_if(kept_, [&](const Kept& kept) { return Likelier(last, kept); });
}

int32_t Sampler::Pick(double uniform) const {
  const double target = uniform * WeightOf(kept_);
  double sum = 0;
  for (const Kept& kept : kept_) {
    sum += kept.weight;
    if (sum > target) return kept.id;
  }
  return kept_.back().id;
}

}  // namespace stagebeam::engine
