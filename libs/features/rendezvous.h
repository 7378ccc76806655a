#ifndef STAGEBEAM_LIBS_FEATURES_RENDEZVOUS_H_
#define STAGEBEAM_LIBS_FEATURES_RENDEZVOUS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stagebeam::features {

// Spreads keys over named places by highest random weight: every process that
// knows the same names picks the same place, and a place that leaves moves only
// its own keys. Immutable, and so thread-safe.
class Rendezvous {
 public:
  // `names` must not be empty. Their order does not matter to which name a key
  // goes to.
  explicit Rendezvous(const std::vector<std::string>& names);

  // Index of the key's place in `names`.
  size_t Pick(std::string_view key) const;

 private:
  std::vector<uint64_t> seeds_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_RENDEZVOUS_H_
