#include "libs/search/stage_rules.h"

namespace stagebeam::search {

std::unique_ptr<Rules> MakeRules(const StageBeam& strategy) {
  return std::make_unique<StageRules>(strategy.candidate_count,
                                      strategy.survivor_count);
}

}  // namespace stagebeam::search
