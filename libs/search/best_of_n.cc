#include "libs/search/whole_response.h"

namespace stagebeam::search {

std::unique_ptr<Rules> MakeRules(const BestOfN& strategy) {
  return std::make_unique<WholeResponseRules>(strategy.candidate_count);
}

}  // namespace stagebeam::search
