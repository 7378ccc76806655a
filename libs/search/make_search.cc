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
