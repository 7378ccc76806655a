#include "libs/remote/rendezvous.h"

#include <algorithm>
#include <numeric>

#include "libs/remote/stable_hash.h"

namespace stagebeam::remote {

std::vector<size_t> RendezvousOrder(std::string_view key,
                                    std::span<const std::string> addresses) {
  const uint64_t key_hash = StableHash(key);
  std::vector<uint64_t> weights;
  for (const std::string& address : addresses) {
    weights.push_back(MixHashes(key_hash, StableHash(address)));
  }
  std::vector<size_t> order(addresses.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return weights[a] != weights[b] ? weights[a] > weights[b]
                                    : addresses[a] < addresses[b];
  });
  return order;
}

}  // namespace stagebeam::remote
