#ifndef STAGEBEAM_LIBS_ENGINE_STEP_H_
#define STAGEBEAM_LIBS_ENGINE_STEP_H_

#include <utility>
#include <vector>

#include "libs/engine/image_memory.h"
#include "libs/engine/text_model.h"

namespace stagebeam::engine {

class RunningCall;

// Whose rows a StepGroup holds.
struct StepPart {
  enum class Kind { kHead, kPrefill, kDecode };
  Kind kind = Kind::kHead;
  // Prefill and decode.
  RunningCall* call = nullptr;
  // Prefill: run; decode: prompt.
  int index = 0;
  // Prefill: tokens.
  int tokens = 0;
  // Head.
  ImageRef image = nullptr;
  // First row of logits and how many.
  int first_row = 0;
  int rows = 0;
};

// The work of one step: group i belongs to part i.
struct Step {
  std::vector<StepGroup> groups;
  std::vector<StepPart> parts;
  int prefill_tokens = 0;
  int decode_tokens = 0;

  void Add(StepGroup group, StepPart part) {
    part.first_row = logit_rows_;
    part.rows = group.want_logits ? group.own->branches() : 0;
    logit_rows_ += part.rows;
    const int tokens = static_cast<int>(group.token_ids.size());
    (part.kind == StepPart::Kind::kDecode ? decode_tokens : prefill_tokens) +=
        tokens;
    groups.push_back(std::move(group));
    parts.push_back(std::move(part));
  }

 private:
  int logit_rows_ = 0;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_STEP_H_
