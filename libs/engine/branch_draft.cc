#include "libs/engine/branch_draft.h"

#include <algorithm>
#include <string>

#include "libs/engine/philox.h"

namespace stagebeam::engine {

BranchRules MakeBranchRules(const tokens::Tokenizer& tokenizer,
                            const Sampling& sampling, const Stopping& stopping,
                            bool want_token_logprobs,
                            const std::vector<int32_t>& end_ids,
                            const std::vector<int32_t>& masked) {
  BranchRules rules{
      .tokenizer = &tokenizer,
      .end_ids = end_ids,
      .masked_ids = masked,
      .masked_early_ids = masked,
      .draw = {sampling.temperature, sampling.top_k, sampling.top_p},
      .seed = sampling.seed,
      .stage_index = sampling.stage_index,
      .stop_strings = tokens::StopMatcher(stopping.stop_strings),
      .stop_after_sentence = stopping.stop_after_sentence,
      .max_new_tokens = stopping.max_new_tokens,
      .min_new_tokens = stopping.min_new_tokens,
      .want_token_logprobs = want_token_logprobs};
  rules.masked_early_ids.insert(rules.masked_early_ids.end(), end_ids.begin(),
                                end_ids.end());
  return rules;
}

BranchDraft::BranchDraft(const BranchRules& rules, int stream)
    : rules_(&rules),
      stream_(stream),
      detokenizer_(*rules.tokenizer),
      stop_strings_(rules.stop_strings) {}

absl::Status BranchDraft::Advance(std::span<const float> logits,
                                  Sampler& sampler) {
  const bool early = count() < rules_->min_new_tokens;
  const double uniform =
      DrawUniform(rules_->seed, rules_->stage_index, stream_, count());
  const absl::StatusOr<DrawnToken> token = sampler.Draw(
      logits, early ? rules_->masked_early_ids : rules_->masked_ids,
      rules_->draw, uniform);
  if (!token.ok()) return token.status();
  if (std::find(rules_->end_ids.begin(), rules_->end_ids.end(), token->id) !=
      rules_->end_ids.end()) {
    End(Finish::kEndOfTurn);
  } else {
    Append(*token);
  }
  return absl::OkStatus();
}

void BranchDraft::Append(const DrawnToken& token) {
  branch_.token_ids.push_back(token.id);
  branch_.logprob += token.logprob;
  if (rules_->want_token_logprobs) {
    branch_.token_logprobs.push_back(static_cast<float>(token.logprob));
  }
  const std::string text = detokenizer_.Push(token.id);
  branch_.text += text;
  bool stopped = stop_strings_.Push(text);
  if (rules_->stop_after_sentence) stopped |= sentence_.Push(text);
  if (stopped && count() >= rules_->min_new_tokens) {
    End(Finish::kStopString);
  } else if (count() >= rules_->max_new_tokens) {
    End(Finish::kLength);
  }
}

void BranchDraft::End(Finish finish) {
  branch_.text += detokenizer_.Finish();
  branch_.finish = finish;
  ended_ = true;
}

}  // namespace stagebeam::engine
