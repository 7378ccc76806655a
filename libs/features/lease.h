#ifndef STAGEBEAM_LIBS_FEATURES_LEASE_H_
#define STAGEBEAM_LIBS_FEATURES_LEASE_H_

#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace stagebeam::features {

// The right to encode one picture while it exists; destruction gives it back.
class Lease {
 public:
  virtual ~Lease() = default;
};

// Gives leases out across replicas, one holder for each key. Advisory: a lease
// runs out when its holder takes too long, and then two may hold it.
//
// Implementations are thread-safe.
class LeaseOffice {
 public:
  virtual ~LeaseOffice() = default;

  // ALREADY_EXISTS: another holds it. UNAVAILABLE, DEADLINE_EXCEEDED: the
  // office is out of reach; encode without.
  virtual absl::StatusOr<std::unique_ptr<Lease>> Acquire(
      const std::string& key, absl::Time deadline) = 0;

  // Blocks until nobody holds the key's lease. DEADLINE_EXCEEDED: still held at
  // `deadline`. CANCELLED: `cancellation` was requested. UNAVAILABLE: the
  // office is out of reach.
  virtual absl::Status AwaitRelease(const std::string& key, absl::Time deadline,
                                    std::stop_token cancellation) = 0;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_LEASE_H_
