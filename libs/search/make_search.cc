#include <sstream>
#include <string>
#include <utility>

#include "libs/search/round_search.h"
#include "libs/search/rules.h"
#include "libs/search/search.h"

namespace stagebeam::search {
namespace {

absl::Status InRange(const std::string& field, int value, int largest) {
  if (value >= 1 && value <= largest) return absl::OkStatus();
  return absl::InvalidArgumentError(field + ": must be in [1, " +
                                    std::to_string(largest) + "], got " +
                                    std::to_string(value));
}

absl::Status Check(const SinglePass&) { return absl::OkStatus(); }

absl::Status Check(const BestOfN& strategy) {
  return InRange("best_of_n.candidate_count", strategy.candidate_count,
                 kMaxCandidates);
}

absl::Status Check(const SentenceBeam& strategy) {
  absl::Status status = InRange("sentence_beam.candidate_count",
                                strategy.candidate_count, kMaxCandidates);
  if (!status.ok()) return status;
  return InRange("sentence_beam.max_sentence_count",
                 strategy.max_sentence_count, kMaxSentences);
}

absl::Status Check(const StageBeam& strategy) {
  absl::Status status = InRange("stage_beam.candidate_count",
                                strategy.candidate_count, kMaxCandidates);
  if (!status.ok()) return status;
  return InRange("stage_beam.survivor_count", strategy.survivor_count,
                 strategy.candidate_count);
}

// A share of one; 0 is out where `open`. Written so that NaN fails.
absl::Status InShare(const std::string& field, double value, bool open) {
  const bool above = open ? value > 0 : value >= 0;
  if (above && value <= 1) return absl::OkStatus();
  std::ostringstream message;
  message << field << ": must be in " << (open ? "(0, 1]" : "[0, 1]")
          << ", got " << value;
  return absl::InvalidArgumentError(message.str());
}

absl::Status Check(const AdaptiveBeam& strategy) {
  absl::Status status = InRange("adaptive_beam.candidate_count",
                                strategy.candidate_count, kMaxCandidates);
  if (!status.ok()) return status;
  status.Update(InRange("adaptive_beam.initial_candidate_count",
                        strategy.initial_candidate_count,
                        strategy.candidate_count));
  status.Update(InShare("adaptive_beam.sufficient_probability",
                        strategy.sufficient_probability, /*open=*/true));
  status.Update(InShare("adaptive_beam.sufficient_confidence",
                        strategy.sufficient_confidence, /*open=*/false));
  return status;
}

}  // namespace

absl::Status Validate(const Strategy& strategy) {
  return std::visit([](const auto& chosen) { return Check(chosen); }, strategy);
}

absl::StatusOr<std::unique_ptr<Search>> MakeSearch(const Strategy& strategy,
                                                   int64_t seed) {
  if (absl::Status valid = Validate(strategy); !valid.ok()) return valid;
  return std::make_unique<RoundSearch>(
      std::visit([](const auto& chosen) { return MakeRules(chosen); },
                 strategy),
      seed);
}

}  // namespace stagebeam::search
