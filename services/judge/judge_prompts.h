#ifndef STAGEBEAM_SERVICES_JUDGE_JUDGE_PROMPTS_H_
#define STAGEBEAM_SERVICES_JUDGE_JUDGE_PROMPTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/inference/judge.h"
#include "libs/tokens/tokenizer.h"

namespace stagebeam::judge {

// One duel as the prompt shows it.
struct Duel {
  inference::Subject subject = inference::Subject::kResponse;
  std::string_view question;
  // May be empty.
  std::string_view hint;
  std::string_view first;
  std::string_view second;
};

// The wording of a checkpoint's judge, from one JSON file:
//
//   prompt           the user turn: {first} and {second} must be in it,
//                    {subject}, {criterion}, {question} and {hint} may be
//   hint             what stands for {hint} where there is one: {hint}
//   criteria         what makes a summary, caption, reasoning, conclusion,
//                    sentence or response the better one
//   score_prefix     how the assistant turn begins for scoring
//   choices          two names, of the first and of the second; each must
//                    follow score_prefix with a token of its own
//   written_verdict  how a written verdict names its {choice}
//
// Immutable, and so thread-safe.
class JudgePrompts {
 public:
  // Reads `path`; a built-in wording where there is no such file.
  // INVALID_ARGUMENT names the file and the field.
  static absl::StatusOr<JudgePrompts> Load(const std::string& path,
                                           const tokens::Tokenizer& tokenizer);

  // The user turn. Braces in the duel's texts are plain text.
  std::string Render(const Duel& duel) const;

  // Ids of score_prefix.
  const std::vector<int32_t>& score_prefix_ids() const {
    return score_prefix_ids_;
  }
  // The same where the assistant turn has begun with `said`: with a blank in
  // front, unless there is one already.
  const std::vector<int32_t>& ScorePrefixAfter(std::string_view said) const;
  // Most ids that ScorePrefixAfter gives.
  int longest_score_prefix() const;
  // The first token of each choice after score_prefix; distinct.
  const std::vector<int32_t>& choice_ids() const { return choice_ids_; }

  // Index of the choice that a written verdict names; nothing where none.
  std::optional<int> Parse(std::string_view verdict) const;

 private:
  JudgePrompts() = default;
  absl::Status FindChoiceIds(const std::string& path,
                             const tokens::Tokenizer& tokenizer);
  // Leaves the blank out where the choices would be other tokens after it.
  void SpaceScorePrefix(const tokens::Tokenizer& tokenizer);

  std::string prompt_;
  std::string hint_;
  // In the order of inference::Subject.
  std::array<std::string, 6> criteria_;
  std::string score_prefix_;
  std::vector<std::string> choices_;
  std::string written_verdict_;
  std::vector<int32_t> score_prefix_ids_;
  std::vector<int32_t> spaced_score_prefix_ids_;
  std::vector<int32_t> choice_ids_;
};

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_JUDGE_PROMPTS_H_
