#ifndef STAGEBEAM_LIBS_ENGINE_PROMPT_PLAN_H_
#define STAGEBEAM_LIBS_ENGINE_PROMPT_PLAN_H_

#include <cstdint>
#include <span>
#include <vector>

namespace stagebeam::engine {

// Tokens [begin, end) of a prompt, to be computed once `parent` is.
struct PrefillRun {
  // Index of the run in front; -1 where the tokens in front are held.
  int parent = -1;
  // A prompt that has these tokens; the prompt itself where it is the last run.
  int prompt = 0;
  int begin = 0;
  int end = 0;
  // The run ends the prompt, and so its last row's logits are wanted.
  bool last = false;
};

// Orders what several prompts need computed so that a beginning which they
// share is computed once. A parent stands in front of its children. Prompt p
// needs its tokens from held[p] on, held[p] < its length; each prompt has a
// last run of its own, of one token at least. Short common beginnings are not
// shared: a run of its own costs a step of waiting.
std::vector<PrefillRun> PlanPrefill(
    const std::vector<std::span<const int32_t>>& prompts,
    const std::vector<int>& held);

// Tokens of all runs together.
int64_t PlannedTokens(const std::vector<PrefillRun>& runs);

// Shares `budget` among those who want `wants`: nobody gets more than they
// want, and what somebody does not want goes to the others in equal parts. What
// cannot be divided goes to the first, so that it always moves.
std::vector<int> ShareFairly(const std::vector<int>& wants, int budget);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_PROMPT_PLAN_H_
