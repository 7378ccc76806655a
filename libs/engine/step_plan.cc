#include "libs/engine/step_plan.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::engine {
namespace {

enum Zone { kAfterImage, kBeforeImage, kNoImage };

Zone ZoneOf(const StepGroup& group) {
  if (group.image == nullptr) return kNoImage;
  return group.before_image ? kBeforeImage : kAfterImage;
}

absl::Status CheckTokens(const StepGroup& group, const TextConfig& config) {
  for (const int32_t id : group.token_ids) {
    if (id < 0 || id >= config.embedding_rows()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "token ", id, " is outside the model's ", config.embedding_rows()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckGroup(const StepGroup& group, const TextConfig& config) {
  if (group.own == nullptr || group.own->branches() < 1 ||
      group.token_ids.empty() ||
      group.token_ids.size() % static_cast<size_t>(group.own->branches()) !=
          0) {
    return absl::InvalidArgumentError(
        "a step's group must have tokens for each of its branches");
  }
  for (const KeyValues* segment : group.prefix) {
    if (segment->branches() != 1) {
      return absl::InvalidArgumentError(
          "a prefix segment must have one branch");
    }
  }
  return CheckTokens(group, config);
}

PlannedGroup Place(StepGroup& group, StepPlan& plan) {
  PlannedGroup placed{&group, static_cast<int64_t>(plan.token_ids.size()),
                      group.own->branches(), 0};
  placed.count = static_cast<int64_t>(group.token_ids.size()) / placed.branches;
  plan.token_ids.insert(plan.token_ids.end(), group.token_ids.begin(),
                        group.token_ids.end());
  for (int64_t row = 0; row < placed.rows(); ++row) {
    plan.positions.push_back(group.position + row % placed.count);
  }
  const Zone zone = ZoneOf(group);
  if (zone != kNoImage) plan.image_rows += placed.rows();
  if (zone == kAfterImage) plan.after_image_rows += placed.rows();
  return placed;
}

void AddLogitRows(std::span<StepGroup> groups, StepPlan& plan) {
  for (const StepGroup& group : groups) {
    if (!group.want_logits) continue;
    const auto placed =
        std::find_if(plan.groups.begin(), plan.groups.end(),
                     [&](const PlannedGroup& p) { return p.group == &group; });
    for (int64_t branch = 0; branch < placed->branches; ++branch) {
      plan.logit_rows.push_back(placed->first_row +
                                (branch + 1) * placed->count - 1);
    }
  }
}

}  // namespace

absl::StatusOr<StepPlan> StepPlan::Make(std::span<StepGroup> groups,
                                        const TextConfig& config) {
  StepPlan plan;
  for (const StepGroup& group : groups) {
    const absl::Status checked = CheckGroup(group, config);
    if (!checked.ok()) return checked;
  }
  for (const Zone zone : {kAfterImage, kBeforeImage, kNoImage}) {
    for (StepGroup& group : groups) {
      if (ZoneOf(group) == zone) plan.groups.push_back(Place(group, plan));
    }
  }
  AddLogitRows(groups, plan);
  return plan;
}

}  // namespace stagebeam::engine
