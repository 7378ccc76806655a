#ifndef STAGEBEAM_SERVICES_JUDGE_HEARING_H_
#define STAGEBEAM_SERVICES_JUDGE_HEARING_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "libs/engine/engine.h"
#include "libs/inference/judge.h"

namespace stagebeam::judge {

// What a method is given besides the request.
struct Hearing {
  engine::CallControl control;
  std::optional<engine::ImagePrompt> image;
  // Indices into request.pairs.
  std::vector<size_t> pairs;
  // Hears what each engine call took, as it ends; may be empty.
  std::function<void(const engine::CallUsage& usage)> on_call;
};

// What one engine call took.
inference::JudgeUsage ToUsage(const engine::CallUsage& usage);
// Adds to `total`.
void AddUsage(const inference::JudgeUsage& usage, inference::JudgeUsage* total);

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_HEARING_H_
