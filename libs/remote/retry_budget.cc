#include "libs/remote/retry_budget.h"

#include <algorithm>

namespace stagebeam::remote {

bool RetryBudget::TryTake() {
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void RetryBudget::Succeeded() {
  tokens_ = std::min(capacity_, tokens_ + tokens_per_success_);
}

}  // namespace stagebeam::remote
