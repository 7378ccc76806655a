#ifndef STAGEBEAM_LIBS_ENGINE_STEP_PLAN_H_
#define STAGEBEAM_LIBS_ENGINE_STEP_PLAN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/engine/model_config.h"
#include "libs/engine/text_model.h"

namespace stagebeam::engine {

// Where the rows of one group stand among the rows of a step.
struct PlannedGroup {
  StepGroup* group = nullptr;
  int64_t first_row = 0;
  int64_t branches = 0;
  // New tokens of each branch.
  int64_t count = 0;

  int64_t rows() const { return branches * count; }
};

// The rows of a step in computing order: groups behind a picture, groups in
// front of <|image|>, groups without a picture. So each kind of layer works on
// one run of rows from the first one on.
struct StepPlan {
  std::vector<PlannedGroup> groups;
  std::vector<int64_t> token_ids;
  std::vector<int64_t> positions;
  // Rows that cross layers see at all, and those whose cross MLP counts.
  int64_t image_rows = 0;
  int64_t after_image_rows = 0;
  // Rows whose logits are wanted, in the order of the caller's groups.
  std::vector<int64_t> logit_rows;

  // INVALID_ARGUMENT: a group without rows, a token out of range, or a prefix
  // of several branches. `groups` must outlive the plan.
  static absl::StatusOr<StepPlan> Make(std::span<StepGroup> groups,
                                       const TextConfig& config);
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_STEP_PLAN_H_
