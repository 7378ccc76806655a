#ifndef STAGEBEAM_LIBS_REMOTE_REMOTE_JUDGE_H_
#define STAGEBEAM_LIBS_REMOTE_REMOTE_JUDGE_H_

#include "absl/status/statusor.h"
#include "libs/inference/judge.h"
#include "libs/remote/replica_set.h"

namespace stagebeam::remote {

// The judge behind JudgeService. Calls of one session_id go to one replica
// while it is there. Thread-safe.
class RemoteJudge final : public inference::Judge {
 public:
  // `replicas` must outlive it.
  explicit RemoteJudge(ReplicaSet& replicas) : replicas_(replicas) {}

  // INTERNAL: an answer with another number of verdicts than pairs.
  absl::StatusOr<inference::CompareResult> ComparePairs(
      const inference::RequestContext& context,
      const inference::CompareRequest& request) override;

 private:
  ReplicaSet& replicas_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_REMOTE_JUDGE_H_
