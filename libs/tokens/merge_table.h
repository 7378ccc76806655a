#ifndef STAGEBEAM_LIBS_TOKENS_MERGE_TABLE_H_
#define STAGEBEAM_LIBS_TOKENS_MERGE_TABLE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace stagebeam::tokens {

// Ranked pairs of tokens that byte-pair encoding joins, lowest rank first.
//
// Immutable once filled, and so thread-safe.
class MergeTable {
 public:
  // The pair (left, right) becomes `merged`. The last of equal pairs counts.
  void Add(int32_t left, int32_t right, int32_t rank, int32_t merged);

  // Appends what remains of `symbols` after joining, again and again, the
  // adjacent pair of lowest rank, the leftmost of equals. O(n log n).
  void Apply(const std::vector<int32_t>& symbols,
             std::vector<int32_t>* ids) const;

 private:
  struct Join {
    int32_t rank;
    int32_t merged;
  };
  class Sequence;

  std::optional<Join> Find(int32_t left, int32_t right) const;

  absl::flat_hash_map<uint64_t, Join> merges_;
};

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_MERGE_TABLE_H_
