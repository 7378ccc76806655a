#include "tests/orchestrator/scripted_workers.h"

#include <stop_token>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"

namespace stagebeam::orchestrator {
namespace {

// "</SUMMARY>" gives "SUMMARY".
std::string TagName(const inference::GenerateRequest& request) {
  const auto& stops = request.stopping.stop_strings;
  if (stops.empty()) return "CONCLUSION";
  return stops[0].substr(2, stops[0].size() - 3);
}

}  // namespace

inference::ImageFeatures FeaturesOf(std::string_view image) {
  return {"features-of-" + std::string(image), 1, 17, 192, 4};
}

absl::StatusOr<inference::EncodeResult> ScriptedEncoder::EncodeImage(
    const inference::RequestContext&, std::string_view image) {
  if (image == "broken") return absl::InvalidArgumentError("image: is broken");
  absl::MutexLock lock(&mutex_);
  return inference::EncodeResult{FeaturesOf(image), encodings_++ > 0,
                                 absl::Milliseconds(5)};
}

int ScriptedEncoder::encodings() const {
  absl::MutexLock lock(&mutex_);
  return encodings_;
}

absl::StatusOr<inference::GenerateResult> ScriptedGenerator::GenerateCandidates(
    const inference::RequestContext& context,
    const inference::GenerateRequest& request,
    const inference::CandidateListener& on_end) {
  {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(request);
  }
  if (on_end && stream_script) return stream_script(context, request, on_end);
  return script ? script(context, request) : WellFormed(request);
}

inference::GenerateResult ScriptedGenerator::WellFormed(
    const inference::GenerateRequest& request) {
  inference::GenerateResult result;
  result.model_id = "scripted@1";
  const std::string tag = TagName(request);
  const int first = request.first_candidate_index;
  for (int i = first; i < first + request.candidate_count; ++i) {
    inference::Candidate candidate;
    candidate.text =
        absl::StrCat("<", tag, "> ", request.sampling.stage_index, " ",
                     request.sampling.seed, " ", i, " </", tag, ">");
    candidate.token_ids = {request.sampling.stage_index, i};
    candidate.finish_reason = inference::FinishReason::kStopString;
    candidate.logprob = -1 - i;
    result.candidates.push_back(std::move(candidate));
  }
  result.usage.prompt_token_count =
      10 + static_cast<int>(request.prefix_token_ids.size());
  result.usage.reused_token_count = 10;
  result.usage.generated_token_count = 2 * request.candidate_count;
  if (!request.prefix_text.empty()) result.prefix_text_token_ids = {900, 901};
  return result;
}

std::vector<inference::GenerateRequest> ScriptedGenerator::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

absl::StatusOr<inference::CompareResult> ScriptedJudge::ComparePairs(
    const inference::RequestContext& context,
    const inference::CompareRequest& request) {
  {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(request);
  }
  return script ? script(context, request) : SecondWins(request);
}

inference::CompareResult ScriptedJudge::SecondWins(
    const inference::CompareRequest& request) {
  inference::CompareResult result;
  result.verdicts.resize(request.pairs.size(), {false, 0.75, "so", false});
  result.usage.prompt_token_count = 100;
  return result;
}

std::vector<inference::CompareRequest> ScriptedJudge::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

absl::Status WaitUntilCancelled(const inference::RequestContext& context) {
  absl::Notification cancelled;
  std::stop_callback notify(context.cancellation,
                            [&cancelled] { cancelled.Notify(); });
  cancelled.WaitForNotification();
  return absl::CancelledError("cancelled");
}

}  // namespace stagebeam::orchestrator
