#ifndef STAGEBEAM_LIBS_REMOTE_REMOTE_GENERATOR_H_
#define STAGEBEAM_LIBS_REMOTE_REMOTE_GENERATOR_H_

#include "absl/status/statusor.h"
#include "libs/inference/generator.h"
#include "libs/remote/replica_set.h"

namespace stagebeam::remote {

// The generator behind GeneratorService. Calls of one session_id go to one
// replica while it is there. Thread-safe.
class RemoteGenerator final : public inference::Generator {
 public:
  // `replicas` must outlive it.
  explicit RemoteGenerator(ReplicaSet& replicas) : replicas_(replicas) {}

  // INTERNAL: an answer with another number of candidates than asked for.
  absl::StatusOr<inference::GenerateResult> GenerateCandidates(
      const inference::RequestContext& context,
      const inference::GenerateRequest& request) override;

 private:
  ReplicaSet& replicas_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REMOTE_GENERATOR_H_
