#ifndef STAGEBEAM_LIBS_FEATURES_FEATURE_STACK_H_
#define STAGEBEAM_LIBS_FEATURES_FEATURE_STACK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/features/feature_store.h"
#include "libs/features/lease.h"
#include "libs/features/memory_store.h"
#include "libs/features/store_observer.h"

namespace stagebeam::features {

// What a service says of its feature stores; defaults fit all three services.
struct FeatureStackOptions {
  // "host:port", "redis://[[user]:password@]host[:port][/db]" or the path of a
  // unix socket, each. Empty: no Redis. Keys spread over several by rendezvous.
  std::vector<std::string> redis_addresses = {};
  // Capacity of the store in this process's memory.
  int64_t memory_bytes = int64_t{1} << 30;
  // Time that memory and Redis may take out of one Get or Put, whatever they
  // do.
  absl::Duration budget = absl::Seconds(1);
  // How long Redis keeps a blob.
  absl::Duration time_to_live = absl::Hours(24);
  // How long a replica may take to encode before another may start.
  absl::Duration lease_time = absl::Seconds(30);
  // The encoder writes features; generators and judges only read them.
  bool write_to_redis = true;
  // Failures in a row after which a Redis is left alone, and for how long.
  int breaker_failures = 3;
  absl::Duration breaker_pause = absl::Seconds(5);
};

// The stores of one service, ready to use.
struct FeatureStack {
  // Memory, then Redis, then the last resort.
  std::shared_ptr<FeatureStore> store;
  // Leases in Redis; null without Redis.
  std::shared_ptr<LeaseOffice> leases;
  // The first tier, for its gauges.
  std::shared_ptr<MemoryStore> memory;
};

// Builds the stack; contacts nobody yet. `last_resort` is asked where memory
// and Redis have nothing, for as long as the caller waits (the encoder, over
// the network); null for none. `observer` may be null and must outlive the
// stack; it hears of the tiers "memory", "redis" and "encoder" (the last
// resort), and of the breakers of Redis servers.
//
// INVALID_ARGUMENT names the option that is out of range or unreadable; the
// text shows no password.
absl::StatusOr<FeatureStack> BuildFeatureStack(
    const FeatureStackOptions& options,
    std::shared_ptr<FeatureStore> last_resort, StoreObserver* observer);

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_FEATURE_STACK_H_
