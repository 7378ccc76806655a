#ifndef STAGEBEAM_LIBS_FEATURES_ENCODE_ONCE_H_
#define STAGEBEAM_LIBS_FEATURES_ENCODE_ONCE_H_

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/features/feature_store.h"
#include "libs/features/lease.h"
#include "libs/features/time_budget.h"

namespace stagebeam::features {

// Sees to it that a picture is encoded once: single flight among the threads of
// this process, a lease among replicas. Thread-safe.
class EncodeOnce {
 public:
  // Computes the features of the picture in question.
  using Encode =
      std::function<absl::StatusOr<std::shared_ptr<const FeatureBlob>>()>;

  struct Result {
    std::shared_ptr<const FeatureBlob> blob;
    // True where this call ran `encode` itself.
    bool encoded = false;
    // True where a concurrent call of this process did this call's work.
    bool joined = false;
  };

  struct Options {
    // Longest wait for another replica's encoding; then this one encodes too.
    absl::Duration lease_wait = absl::Seconds(30);
    // Time that store and lease office may take out of one call in all,
    // whatever they do.
    absl::Duration cache_budget = absl::Seconds(1);
  };

  // `leases` may be null: single flight within the process only.
  EncodeOnce(std::shared_ptr<FeatureStore> store,
             std::shared_ptr<LeaseOffice> leases, const Options& options);

  // The blob of `key`: from the store, from a concurrent call's encoding, or by
  // running `encode` on this thread and storing its result.
  //
  // Errors are those of `encode`, given to every concurrent call; but a call
  // whose leader was cancelled or ran out of time leads anew. CANCELLED and
  // DEADLINE_EXCEEDED: this call's own end came while it waited. A store or
  // lease office that fails is no error.
  absl::StatusOr<Result> Get(const std::string& key, absl::Time deadline,
                             std::stop_token cancellation,
                             const Encode& encode);

 private:
  // One running encoding, shared by the calls that wait for it.
  struct Flight;

  // Joins the key's flight or starts one; true where the caller leads it.
  bool Board(const std::string& key, std::shared_ptr<Flight>& flight);
  void Land(const std::string& key, Flight& flight,
            const absl::StatusOr<Result>& result);
  absl::StatusOr<Result> Lead(const std::string& key, absl::Time deadline,
                              std::stop_token cancellation,
                              const Encode& encode);
  // Takes the lease, or waits until the replica that has it is done. The blob
  // where another replica made it; otherwise an error, and `lease` if it could
  // be had: encode.
  absl::StatusOr<std::shared_ptr<const FeatureBlob>> AwaitOthers(
      const std::string& key, absl::Time deadline, std::stop_token cancellation,
      TimeBudget& budget, std::unique_ptr<Lease>& lease);

  const std::shared_ptr<FeatureStore> store_;
  const std::shared_ptr<LeaseOffice> leases_;
  const Options options_;
  absl::Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_ENCODE_ONCE_H_
