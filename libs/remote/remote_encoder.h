#ifndef STAGEBEAM_LIBS_REMOTE_REMOTE_ENCODER_H_
#define STAGEBEAM_LIBS_REMOTE_REMOTE_ENCODER_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "libs/inference/encoder.h"
#include "libs/remote/replica_set.h"

namespace stagebeam::remote {

// The encoder behind EncoderService. A picture goes to the replica that its
// bytes choose, so that repeats meet a warm memory. Thread-safe.
class RemoteEncoder final : public inference::Encoder {
 public:
  // `replicas` must outlive it.
  explicit RemoteEncoder(ReplicaSet& replicas) : replicas_(replicas) {}

  absl::StatusOr<inference::EncodeResult> EncodeImage(
      const inference::RequestContext& context,
      std::string_view image) override;

 private:
  ReplicaSet& replicas_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REMOTE_ENCODER_H_
