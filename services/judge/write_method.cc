#include "services/judge/write_method.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"

namespace stagebeam::judge {
namespace {

// One sentence; a model that goes on rambles.
constexpr int kMaxVerdictTokens = 128;

}  // namespace

absl::StatusOr<Decision> WriteMethod::Decide(
    const inference::CompareRequest& request, const Hearing& hearing) const {
  engine::GenerateCall call;
  call.control = hearing.control;
  call.image = hearing.image;
  call.sampling = engine_.default_sampling();
  call.sampling.seed = request.seed;
  call.sampling.stage_index = 0;
  call.stopping.max_new_tokens =
      std::min(kMaxVerdictTokens, engine_.max_new_tokens());
  for (const size_t pair : hearing.pairs) {
    auto prompt = prompts_.Prompt(request, pair, Order::kAsGiven, /*begun=*/{},
                                  call.stopping.max_new_tokens);
    if (!prompt.ok()) return prompt.status();
    call.prompts.push_back({.prompt_token_ids = *std::move(prompt),
                            .branch_count = 1,
                            .first_stream = static_cast<int>(pair)});
  }
  auto output = engine_.Generate(call);
  if (!output.ok()) return output.status();

  Decision decision{.verdicts = {}, .usage = output->usage};
  for (const auto& branches : output->branches) {
    std::optional<inference::Verdict> verdict;
    if (const auto choice = wording_.Parse(branches[0].text)) {
      verdict.emplace();
      verdict->first_is_better = *choice == 0;
      verdict->rationale = branches[0].text;
      absl::StripAsciiWhitespace(&verdict->rationale);
    }
    decision.verdicts.push_back(std::move(verdict));
  }
  return decision;
}

}  // namespace stagebeam::judge
