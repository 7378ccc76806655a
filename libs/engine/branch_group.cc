#include "libs/engine/branch_group.h"

#include <numeric>
#include <utility>

namespace stagebeam::engine {

absl::StatusOr<BranchGroup> BranchGroup::Start(
    const BranchRules& rules, const PromptBranches& prompt,
    std::span<const float> first_logits, Sampler& sampler,
    const OnEnd& on_end) {
  BranchGroup group;
  group.prompt_length_ = static_cast<int>(prompt.prompt_token_ids.size());
  for (int i = 0; i < prompt.branch_count; ++i) {
    group.drafts_.emplace_back(rules, prompt.first_stream + i);
  }
  group.live_.resize(prompt.branch_count);
  std::iota(group.live_.begin(), group.live_.end(), 0);
  const absl::Status status =
      group.Apply([&](int) { return first_logits; }, sampler, on_end);
  if (!status.ok()) return status;
  return group;
}

StepGroup BranchGroup::NextStep(const TextModel& model,
                                std::vector<const KeyValues*> prefix,
                                const ImageKeyValues* image, int capacity) {
  if (own_ == nullptr) own_ = model.MakeKeyValues(live(), capacity);
  StepGroup group;
  group.prefix = std::move(prefix);
  group.own = own_.get();
  group.image = image;
  for (const int draft : live_)
    group.token_ids.push_back(drafts_[draft].token_ids().back());
  group.position = prompt_length_ + own_->length();
  group.want_logits = true;
  return group;
}

absl::Status BranchGroup::Apply(
    const std::function<std::span<const float>(int)>& row, Sampler& sampler,
    const OnEnd& on_end) {
  for (int i = 0; i < live(); ++i) {
    const absl::Status status = drafts_[live_[i]].Advance(row(i), sampler);
    if (!status.ok()) return status;
  }
  DropEnded(on_end);
  return absl::OkStatus();
}

void BranchGroup::DropEnded(const OnEnd& on_end) {
  // From the back, so that the branch which takes a free index was looked at.
  for (int i = live() - 1; i >= 0; --i) {
    const BranchDraft& draft = drafts_[live_[i]];
    if (!draft.ended()) continue;
    const int length = own_ == nullptr ? 0 : own_->length();
    on_end(live_[i], draft.branch(),
           length == 0 ? nullptr : own_->Extract(i, length));
    if (own_ != nullptr && live() > 1) own_->Drop(i);
    live_[i] = live_.back();
    live_.pop_back();
  }
  if (live_.empty()) own_.reset();
}

std::vector<Branch> BranchGroup::Take() {
  std::vector<Branch> branches;
  for (BranchDraft& draft : drafts_) branches.push_back(draft.Take());
  return branches;
}

}  // namespace stagebeam::engine
