#include "services/judge/write_method.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"

namespace stagebeam::judge {
namespace {

void Append(const std::vector<int32_t>& more, std::vector<int32_t>* ids) {
  ids->insert(ids->end(), more.begin(), more.end());
}

inference::Verdict ToVerdict(const engine::Branch& written,
                             const JudgePrompts& wording) {
  inference::Verdict verdict;
  verdict.rationale = written.text;
  absl::StripAsciiWhitespace(&verdict.rationale);
  const auto choice = wording.Parse(written.text);
  verdict.unparsed = !choice.has_value();
  verdict.first_is_better = choice == 0;
  return verdict;
}

}  // namespace

absl::StatusOr<inference::CompareResult> WriteMethod::Decide(
    const inference::CompareRequest& request, const Hearing& hearing) const {
  const auto call = ToCall(request, hearing);
  if (!call.ok()) return call.status();
  auto output = engine_.Generate(*call);
  if (!output.ok()) return output.status();
  if (hearing.on_call) hearing.on_call(output->usage);
  inference::CompareResult result;
  result.usage = ToUsage(output->usage);
  std::vector<engine::Branch> written;
  for (auto& branches : output->branches) {
    written.push_back(std::move(branches[0]));
    result.verdicts.push_back(ToVerdict(written.back(), wording_));
  }
  const absl::Status scored =
      ScoreUnparsed(request, hearing, *call, written, &result);
  if (!scored.ok()) return scored;
  return result;
}

absl::StatusOr<engine::GenerateCall> WriteMethod::ToCall(
    const inference::CompareRequest& request, const Hearing& hearing) const {
  engine::GenerateCall call;
  call.control = hearing.control;
  call.image = hearing.image;
  call.sampling = engine_.default_sampling();
  call.sampling.seed = request.seed;
  call.sampling.stage_index = 0;
  call.stopping.min_new_tokens = length_.min_tokens;
  call.stopping.max_new_tokens =
      std::min(length_.max_tokens, engine_.max_new_tokens());
  // So that it can be scored, whatever it will be.
  const int room =
      call.stopping.max_new_tokens + wording_.longest_score_prefix();
  for (const size_t pair : hearing.pairs) {
    auto prompt =
        prompts_.Prompt(request, pair, Order::kAsGiven, /*begun=*/{}, room);
    if (!prompt.ok()) return prompt.status();
    const std::optional<int>& stream = request.pairs[pair].stream;
    call.prompts.push_back(
        {.prompt_token_ids = *std::move(prompt),
         .branch_count = 1,
         .first_stream = stream.value_or(static_cast<int>(pair))});
  }
  return call;
}

absl::Status WriteMethod::ScoreUnparsed(
    const inference::CompareRequest& request, const Hearing& hearing,
    const engine::GenerateCall& call,
    const std::vector<engine::Branch>& written,
    inference::CompareResult* result) const {
  Hearing unparsed = {.control = hearing.control,
                      .image = hearing.image,
                      .pairs = {},
                      .on_call = hearing.on_call};
  std::vector<std::vector<int32_t>> prompts;
  std::vector<inference::Verdict*> verdicts;
  for (size_t i = 0; i < written.size(); ++i) {
    if (!result->verdicts[i].unparsed) continue;
    unparsed.pairs.push_back(hearing.pairs[i]);
    verdicts.push_back(&result->verdicts[i]);
    prompts.push_back(call.prompts[i].prompt_token_ids);
    Append(written[i].token_ids, &prompts.back());
    Append(wording_.ScorePrefixAfter(written[i].text), &prompts.back());
  }
  if (prompts.empty()) return absl::OkStatus();
  const auto scored = score_.DecideAfter(request, unparsed, std::move(prompts));
  if (!scored.ok()) return scored.status();
  AddUsage(scored->usage, &result->usage);
  for (size_t i = 0; i < verdicts.size(); ++i) {
    verdicts[i]->first_is_better = scored->verdicts[i].first_is_better;
    verdicts[i]->confidence = scored->verdicts[i].confidence;
  }
  return absl::OkStatus();
}

}  // namespace stagebeam::judge
