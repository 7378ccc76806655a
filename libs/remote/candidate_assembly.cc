#include "libs/remote/candidate_assembly.h"

#include <utility>
#include <vector>

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
  std::vector<inference::EndedCandidate> news;
  for (auto& ended : FromProto(message.candidates_ended())) {
    if (ended.index < 0 || ended.index >= candidate_count_) {
      return absl::InternalError(absl::StrCat("the generator sent candidate ",
                                              ended.index, " of ",
                                              candidate_count_));
    }
    candidates_[ended.index] = ended.candidate;
    if (told_.insert(ended.index).second) news.push_back(std::move(ended));
  }
  if (!news.empty()) listener_(news);
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
