#include "libs/remote/candidate_assembly.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/remote/generator_conversion.h"

namespace stagebeam::remote {

void CandidateAssembly::Restart() {
  candidates_.clear();
  rest_.reset();
}

absl::Status CandidateAssembly::Take(
    const generator::v1::StreamCandidatesResponse& message) {
  if (message.has_finished()) rest_ = FromProto(message.finished());
  if (!message.has_candidate_ended()) return absl::OkStatus();
  const int index = message.candidate_ended().index();
  if (index < 0 || index >= candidate_count_) {
    return absl::InternalError(absl::StrCat("the generator sent candidate ",
                                            index, " of ", candidate_count_));
  }
  inference::Candidate& candidate = candidates_[index];
  candidate = FromProto(message.candidate_ended().candidate());
  if (told_.insert(index).second) listener_(index, candidate);
  return absl::OkStatus();
}

absl::StatusOr<inference::GenerateResult> CandidateAssembly::Result() && {
  if (!rest_) {
    return absl::InternalError("the generator's stream has no last message");
  }
  if (static_cast<int>(candidates_.size()) != candidate_count_) {
    return absl::InternalError(
        absl::StrCat("the generator sent ", candidates_.size(),
                     " candidates, not ", candidate_count_));
  }
  inference::GenerateResult result = *std::move(rest_);
  result.candidates.clear();
  for (auto& [index, candidate] : candidates_)
    result.candidates.push_back(std::move(candidate));
  return result;
}

}  // namespace stagebeam::remote
