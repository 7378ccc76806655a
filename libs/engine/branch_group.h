#ifndef STAGEBEAM_LIBS_ENGINE_BRANCH_GROUP_H_
#define STAGEBEAM_LIBS_ENGINE_BRANCH_GROUP_H_

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "libs/engine/branch_draft.h"
#include "libs/engine/segment.h"
#include "libs/engine/text_model.h"

namespace stagebeam::engine {

// The branches that continue one prompt, decoded in lockstep over its keys and
// values. Each has keys and values of its own tokens but the last one, which no
// step has seen yet.
//
// Not thread-safe.
class BranchGroup {
 public:
  // Hears of a branch that ends: its index, what it came to, and the keys and
  // values of its first tokens (null where there are none).
  using OnEnd = std::function<void(int branch, const Branch& ended,
                                   std::unique_ptr<KeyValues> key_values)>;

  // `first_logits`: of the prompt's last token; every branch draws from it.
  // `rules` must outlive the group.
  static absl::StatusOr<BranchGroup> Start(const BranchRules& rules,
                                           const PromptBranches& prompt,
                                           std::span<const float> first_logits,
                                           Sampler& sampler,
                                           const OnEnd& on_end);

  int live() const { return static_cast<int>(live_.size()); }

  // The step's group: the last token of each live branch. `prefix` and `image`
  // are the prompt's.
  StepGroup NextStep(const TextModel& model,
                     std::vector<const KeyValues*> prefix,
                     const ImageKeyValues* image, int capacity);

  // Draws the next tokens; row(i) is of the i-th live branch.
  absl::Status Apply(const std::function<std::span<const float>(int)>& row,
                     Sampler& sampler, const OnEnd& on_end);

  // The branches, once none lives.
  std::vector<Branch> Take();

 private:
  BranchGroup() = default;
  void DropEnded(const OnEnd& on_end);

  std::vector<BranchDraft> drafts_;
  // Which draft the i-th branch of own_ is.
  std::vector<int> live_;
  std::unique_ptr<KeyValues> own_;
  int prompt_length_ = 0;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_BRANCH_GROUP_H_
