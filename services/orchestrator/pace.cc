#include "services/orchestrator/pace.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "libs/search/response_text.h"

namespace stagebeam::orchestrator {
namespace {

// A shortened sentence beam writes the rest in one go, which takes as long as
// several sentences.
constexpr int kSentencesLeft = 6;

}  // namespace

Pace::Pace(const search::Strategy& strategy, absl::Time deadline)
    : by_sentences_(std::holds_alternative<search::SentenceBeam>(strategy)),
      deadline_(deadline) {}

void Pace::ExpansionTook(absl::Duration time) {
  ++done_;
  slowest_ = std::max(slowest_, time);
}

int Pace::ExpansionsLeft() const {
  if (by_sentences_) return kSentencesLeft;
  return std::max(0, static_cast<int>(search::kStages.size()) - done_);
}

std::optional<std::string> Pace::WhyTooSlow(absl::Time now) const {
  if (done_ == 0 || deadline_ == absl::InfiniteFuture()) return std::nullopt;
  const absl::Duration left = deadline_ - now;
  if (left * 0.8 >= slowest_ * ExpansionsLeft()) return std::nullopt;
  return absl::StrCat(
      absl::FormatDuration(absl::Trunc(left, absl::Milliseconds(1))),
      " left to the deadline; an expansion took ",
      absl::FormatDuration(absl::Trunc(slowest_, absl::Milliseconds(1))));
}

}  // namespace stagebeam::orchestrator
