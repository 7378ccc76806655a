#ifndef STAGEBEAM_SERVICES_WORKER_FEATURE_SOURCE_H_
#define STAGEBEAM_SERVICES_WORKER_FEATURE_SOURCE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/engine/engine.h"
#include "libs/features/feature_stack.h"
#include "libs/features/feature_store.h"
#include "libs/inference/encoder.h"
#include "libs/inference/request_context.h"
#include "libs/remote/replica_set.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::worker {

// Where features are looked for: memory, Redis, encoders.
struct FeatureSourceOptions {
  // Workers only read, so `write_to_redis` is off.
  features::FeatureStackOptions stack;
  // Encoders with commas between them, as remote::AddressBook reads them;
  // empty: none.
  std::string encoder;
  // How long a call waits for features at most.
  absl::Duration fetch_timeout = absl::Seconds(20);
  // PEM file; empty: plain text.
  std::string encoder_tls_ca;
  // File whose first line is the encoders' bearer token; empty: none.
  std::string encoder_auth_token_file;
};

// Brings pictures' features to the engine. Thread-safe.
class FeatureSource {
 public:
  // Builds the stores; contacts nobody yet, but for names to resolve.
  // INVALID_ARGUMENT names the flag. `observer` may be null and must outlive
  // the source. Fetches are spans of `tracer`.
  static absl::StatusOr<std::unique_ptr<FeatureSource>> Create(
      const FeatureSourceOptions& options, features::StoreObserver* observer,
      tracing::Tracer tracer = {});
  // A source over any store.
  FeatureSource(std::shared_ptr<features::FeatureStore> store,
                absl::Duration fetch_timeout, tracing::Tracer tracer = {});

  // The picture of a request for the engine; none for none. Its load function
  // fails with NOT_FOUND "image.key: …" where nobody holds the features, and
  // with UNAVAILABLE where nobody answers in time. It refers to this source and
  // to nothing else.
  std::optional<engine::ImagePrompt> Prompt(
      const std::optional<inference::ImageFeatures>& image,
      const inference::RequestContext& context) const;

 private:
  absl::StatusOr<engine::Features> Load(const std::string& key,
                                        absl::Time deadline) const;

  // Outlives the store, which may ask encoders.
  std::unique_ptr<remote::ReplicaSet> encoders_;
  std::shared_ptr<features::FeatureStore> store_;
  absl::Duration fetch_timeout_;
  tracing::Tracer tracer_;
};

// INVALID_ARGUMENT names the field of `image` that cannot be an encoder's: an
// empty or overlong key, or counts out of range.
absl::Status CheckImage(const std::optional<inference::ImageFeatures>& image);

// The entries of a list with commas; blanks around them don't count.
std::vector<std::string> SplitAddresses(std::string_view list);

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_SERVICES_WORKER_FEATURE_SOURCE_H_
