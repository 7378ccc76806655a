#ifndef STAGEBEAM_LIBS_FEATURES_STORE_OBSERVER_H_
#define STAGEBEAM_LIBS_FEATURES_STORE_OBSERVER_H_

#include <cstdint>
#include <string_view>

#include "absl/time/time.h"

namespace stagebeam::features {

// How one Get ended.
enum class GetOutcome {
  kHit,
  kMiss,
  // Held bytes that did not verify; also a miss.
  kCorrupt,
  // The store did not answer in time or in sense.
  kError,
  // A breaker kept the call away from the store.
  kSkipped,
};

// How one Put ended.
enum class PutOutcome { kStored, kError, kSkipped };

// Name of an outcome, for a metric's label: "hit", "miss", "corrupt", "error",
// "skipped", "stored".
std::string_view OutcomeName(GetOutcome outcome);
std::string_view OutcomeName(PutOutcome outcome);

// Is told what stores do, so that a service can count it.
//
// Implementations are thread-safe, quick, and outlive the stores they watch.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;

  // Before anything is asked: a store named `tier` is there, and so many Redis
  // servers behind it, each with a breaker that is closed.
  virtual void OnTier(std::string_view tier) = 0;
  virtual void OnRedisServers(int count) = 0;
  // The breaker of one Redis server opened or closed.
  virtual void OnBreaker(bool open) = 0;

  // `tier` is the name that the store was given: "memory", "redis", ...
  // `bytes` is the size of the blob, 0 where there was none.
  virtual void OnGet(std::string_view tier, GetOutcome outcome,
                     absl::Duration elapsed, int64_t bytes) = 0;
  virtual void OnPut(std::string_view tier, PutOutcome outcome,
                     absl::Duration elapsed, int64_t bytes) = 0;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_STORE_OBSERVER_H_
