#include "libs/search/whole_response.h"

namespace stagebeam::search {

std::unique_ptr<Rules> MakeRules(const SinglePass&) {
  return std::make_unique<WholeResponseRules>(1);
}

}  // namespace stagebeam::search
