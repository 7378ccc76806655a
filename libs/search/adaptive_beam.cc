#include <algorithm>

#include "libs/search/stage_rules.h"

namespace stagebeam::search {
namespace {

class AdaptiveBeamRules : public StageRules {
 public:
  explicit AdaptiveBeamRules(const AdaptiveBeam& strategy)
      : StageRules(strategy.initial_candidate_count, /*survivor_count=*/1),
        strategy_(strategy) {}

  int More(const RoundPlan&, const Standing& standing) const override {
    if (IsGoodEnough(standing)) return 0;
    return std::min(standing.drawn, strategy_.candidate_count - standing.drawn);
  }

 private:
  bool IsGoodEnough(const Standing& standing) const {
    if (standing.eligible == 0) return false;
    if (standing.eligible == 1)
      return standing.probability >= strategy_.sufficient_probability;
    // They all agree.
    if (standing.texts == 1) return true;
    return standing.confidence >= strategy_.sufficient_confidence;
  }

  const AdaptiveBeam strategy_;
};

}  // namespace

std::unique_ptr<Rules> MakeRules(const AdaptiveBeam& strategy) {
  return std::make_unique<AdaptiveBeamRules>(strategy);
}

}  // namespace stagebeam::search
