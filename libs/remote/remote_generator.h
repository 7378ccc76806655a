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

  // With a listener over StreamCandidates. A replica of an older version has no
  // such method: it is asked by GenerateCandidates, and nobody hears of
  // candidates before the answer.
  //
  // INTERNAL: an answer with another number of candidates than asked for.
  absl::StatusOr<inference::GenerateResult> GenerateCandidates(
      const inference::RequestContext& context,
      const inference::GenerateRequest& request,
      const inference::CandidateListener& on_end) override;

 private:
  absl::StatusOr<inference::GenerateResult> Fetch(
      const inference::RequestContext& context,
      const inference::GenerateRequest& request);
  absl::StatusOr<inference::GenerateResult> Stream(
      const inference::RequestContext& context,
      const inference::GenerateRequest& request,
      const inference::CandidateListener& on_end);

  ReplicaSet& replicas_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REMOTE_GENERATOR_H_
