#include "libs/engine/branch_draft.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "libs/engine/philox.h"

namespace stagebeam::engine {
namespace {

// Bytes of `text`'s end that `next` begins with, fewer than all of `next`.
size_t Overlap(std::string_view text, std::string_view next) {
  size_t length = std::min(text.size(), next.size() - 1);
  while (!text.ends_with(next.substr(0, length))) --length;
  return length;
}

void SetClosing(const tokens::Tokenizer& tokenizer, const Stopping& stopping,
                BranchRules& rules) {
  if (!stopping.close_at_limit || stopping.stop_after_sentence) return;
  if (stopping.stop_strings.empty()) return;
  std::vector<int32_t> ids = tokenizer.Encode(stopping.stop_strings.front());
  if (ids.size() > static_cast<size_t>(stopping.max_new_tokens)) return;
  rules.closing_text = stopping.stop_strings.front();
  rules.closing_ids = std::move(ids);
}

}  // namespace

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
  SetClosing(tokenizer, stopping, rules);
  return rules;
}

BranchDraft::BranchDraft(const BranchRules& rules, int stream)
    : rules_(&rules),
      stream_(stream),
      detokenizer_(*rules.tokenizer),
      stop_strings_(rules.stop_strings) {}

absl::Status BranchDraft::Advance(std::span<const float> logits,
                                  Sampler& sampler) {
  SettleClosing();
  const absl::StatusOr<DrawnToken> token = NextToken(logits, sampler);
  if (!token.ok()) return token.status();
  if (std::find(rules_->end_ids.begin(), rules_->end_ids.end(), token->id) !=
      rules_->end_ids.end()) {
    End(Finish::kEndOfTurn);
  } else {
    Append(*token);
  }
  return absl::OkStatus();
}

absl::StatusOr<DrawnToken> BranchDraft::NextToken(std::span<const float> logits,
                                                  Sampler& sampler) {
  if (!closing_ids_.empty())
    return TakeToken(logits, closing_ids_[count() - closing_begin_]);
  const bool early = count() < rules_->min_new_tokens;
  const double uniform =
      DrawUniform(rules_->seed, rules_->stage_index, stream_, count());
  return sampler.Draw(logits,
                      early ? rules_->masked_early_ids : rules_->masked_ids,
                      rules_->draw, uniform);
}

void BranchDraft::SettleClosing() {
  const int last_chance =
      rules_->max_new_tokens - static_cast<int>(rules_->closing_ids.size());
  if (rules_->closing_ids.empty() || count() != last_chance) return;
  closing_ids_ = ClosingFromHere();
  closing_begin_ = count();
}

std::vector<int32_t> BranchDraft::ClosingFromHere() const {
  const std::string_view closing = rules_->closing_text;
  const size_t said = Overlap(branch_.text, closing);
  if (said == 0) return rules_->closing_ids;
  std::vector<int32_t> rest = rules_->tokenizer->Encode(closing.substr(said));
  const int end = count() + static_cast<int>(rest.size());
  const bool fits =
      end >= rules_->min_new_tokens && end <= rules_->max_new_tokens;
  return fits && AreClosedBy(rest) ? rest : rules_->closing_ids;
}

bool BranchDraft::AreClosedBy(const std::vector<int32_t>& ids) const {
  tokens::Detokenizer detokenizer = detokenizer_;
  tokens::StopMatcher stop_strings = stop_strings_;
  bool closed = false;
  for (const int32_t id : ids) closed = stop_strings.Push(detokenizer.Push(id));
  return closed;
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
