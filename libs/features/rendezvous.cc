#include "libs/features/rendezvous.h"

#include "libs/features/checksum.h"

namespace stagebeam::features {

Rendezvous::Rendezvous(const std::vector<std::string>& names) {
  for (const std::string& name : names) seeds_.push_back(Checksum64(name));
}

size_t Rendezvous::Pick(std::string_view key) const {
  size_t best = 0;
  uint64_t best_weight = 0;
  for (size_t i = 0; i < seeds_.size(); ++i) {
    const uint64_t weight = Checksum64(key, seeds_[i]);
    if (i > 0 && weight <= best_weight) continue;
    best = i;
    best_weight = weight;
  }
  return best;
}

}  // namespace stagebeam::features
