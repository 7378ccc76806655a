#ifndef STAGEBEAM_LIBS_ENGINE_BRANCH_DRAFT_H_
#define STAGEBEAM_LIBS_ENGINE_BRANCH_DRAFT_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/engine/engine.h"
#include "libs/engine/sampler.h"
#include "libs/tokens/detokenizer.h"
#include "libs/tokens/stop_matcher.h"
#include "libs/tokens/tokenizer.h"

namespace stagebeam::engine {

// What the branches of a call have in common.
struct BranchRules {
  const tokens::Tokenizer* tokenizer = nullptr;
  // End of turn.
  std::vector<int32_t> end_ids;
  // Never drawn.
  std::vector<int32_t> masked_ids;
  // Never drawn before min_new_tokens: masked_ids and end_ids.
  std::vector<int32_t> masked_early_ids;
  DrawRules draw;
  int64_t seed = 0;
  int stage_index = 0;
  tokens::StopMatcher stop_strings;
  bool stop_after_sentence = false;
  int max_new_tokens = 0;
  int min_new_tokens = 0;
  bool want_token_logprobs = false;
  // What closes a branch at its limit, as text and as tokens, max_new_tokens at
  // most; empty: nothing does.
  std::string closing_text = {};
  std::vector<int32_t> closing_ids = {};
};

// `masked`: ids that the model must not say.
BranchRules MakeBranchRules(const tokens::Tokenizer& tokenizer,
                            const Sampling& sampling, const Stopping& stopping,
                            bool want_token_logprobs,
                            const std::vector<int32_t>& end_ids,
                            const std::vector<int32_t>& masked);

// A continuation while it is being sampled. The first rule that holds ends it:
// end of turn, stop string, end of sentence, length. A stop string or sentence
// that ends before min_new_tokens counts once that many tokens are there.
//
// With closing_ids, a branch that goes on until no more than those fit has them
// as its last tokens. Of a closing text that it has begun by then, it has the
// rest alone, unless it would then end before min_new_tokens.
//
// `rules` must outlive it. Not thread-safe.
class BranchDraft {
 public:
  // `stream`: its index in the random streams.
  BranchDraft(const BranchRules& rules, int stream);

  // Draws the next token from `logits`, or takes that of the closing text.
  // INTERNAL as Sampler::Draw.
  absl::Status Advance(std::span<const float> logits, Sampler& sampler);

  bool ended() const { return ended_; }
  const std::vector<int32_t>& token_ids() const { return branch_.token_ids; }
  // What it has come to so far.
  const Branch& branch() const { return branch_; }
  // The result, once it has ended.
  Branch Take() { return std::move(branch_); }

 private:
  int count() const { return static_cast<int>(branch_.token_ids.size()); }
  absl::StatusOr<DrawnToken> NextToken(std::span<const float> logits,
                                       Sampler& sampler);
  // Sets closing_ids_ once it is time.
  void SettleClosing();
  // True where `ids` as the next tokens complete a stop string.
  bool AreClosedBy(const std::vector<int32_t>& ids) const;
  // What the branch has to say from here on to be closed.
  std::vector<int32_t> ClosingFromHere() const;
  void Append(const DrawnToken& token);
  void End(Finish finish);

  const BranchRules* rules_;
  int stream_;
  tokens::Detokenizer detokenizer_;
  tokens::StopMatcher stop_strings_;
  tokens::SentenceMatcher sentence_;
  Branch branch_;
  // The tokens from closing_begin_ on, once they are settled.
  std::vector<int32_t> closing_ids_;
  int closing_begin_ = 0;
  bool ended_ = false;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_BRANCH_DRAFT_H_
