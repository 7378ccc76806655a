#ifndef STAGEBEAM_LIBS_FEATURES_REDIS_LEASES_H_
#define STAGEBEAM_LIBS_FEATURES_REDIS_LEASES_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "libs/features/lease.h"
#include "libs/features/redis_client.h"

namespace stagebeam::features {

// Leases as keys "stagebeam:lease:<key>" of one Redis, which hold the holder's
// random token. Taken by SET NX PX, given back by a script that deletes the key
// only while it holds that token, so that a holder who came too late cannot end
// another's lease. Thread-safe.
class RedisLeases : public LeaseOffice {
 public:
  struct Options {
    // After this a lease is anyone's, for its holder may have died.
    absl::Duration lease_time = absl::Seconds(30);
    // AwaitRelease asks again after the first interval, then after intervals
    // growing by half up to the last one. Between the questions it waits on a
    // condition that cancellation signals.
    absl::Duration first_interval = absl::Milliseconds(5);
    absl::Duration last_interval = absl::Milliseconds(100);
  };

  RedisLeases(std::shared_ptr<RedisClient> client, const Options& options);

  absl::StatusOr<std::unique_ptr<Lease>> Acquire(const std::string& key,
                                                 absl::Time deadline) override;
  absl::Status AwaitRelease(const std::string& key, absl::Time deadline,
                            std::stop_token cancellation) override;

 private:
  const std::shared_ptr<RedisClient> client_;
  const Options options_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_REDIS_LEASES_H_
