#ifndef STAGEBEAM_LIBS_REMOTE_CANDIDATE_ASSEMBLY_H_
#define STAGEBEAM_LIBS_REMOTE_CANDIDATE_ASSEMBLY_H_

#include <map>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/inference/generator.h"
#include "stagebeam/generator/v1/generator.pb.h"

namespace stagebeam::remote {

// Puts the messages of StreamCandidates together, over as many streams as it
// takes, and tells a listener of each candidate the first time that it comes.
//
// Not thread-safe.
class CandidateAssembly {
 public:
  // `listener` must outlive it.
  CandidateAssembly(int candidate_count,
                    const inference::CandidateListener& listener)
      : candidate_count_(candidate_count), listener_(listener) {}

  // Another stream begins: it sends everything again.
  void Restart();
  // The stream's next message. INTERNAL: an index out of range.
  absl::Status Take(const generator::v1::StreamCandidatesResponse& message);
  // The whole answer, at the end of a stream. INTERNAL: not all of it came.
  absl::StatusOr<inference::GenerateResult> Result() &&;

 private:
  const int candidate_count_;
  const inference::CandidateListener& listener_;
  // By index: what the listener has heard, and what this stream has sent.
  std::set<int> told_;
  std::map<int, inference::Candidate> candidates_;
  // The answer but for its candidates.
  std::optional<inference::GenerateResult> rest_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_CANDIDATE_ASSEMBLY_H_
