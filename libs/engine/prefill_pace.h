#ifndef STAGEBEAM_LIBS_ENGINE_PREFILL_PACE_H_
#define STAGEBEAM_LIBS_ENGINE_PREFILL_PACE_H_

#include "absl/time/time.h"

namespace stagebeam::engine {

// Says how many prompt tokens go into a step, so that the branches which decode
// in it do not stall: as many as this machine has lately computed within the
// bound. Where nobody decodes, nobody stalls, and it is the whole chunk.
//
// Not thread-safe: the scheduler thread owns it.
class PrefillPace {
 public:
  // `chunk`: prompt tokens of a step at most. `max_stall`: how long a step with
  // prompt tokens may take while branches decode.
  PrefillPace(int chunk, absl::Duration max_stall)
      : chunk_(chunk), max_stall_(max_stall) {}

  // Prompt tokens that the next step may compute; at least a few, so that
  // prompts get on whatever the bound.
  int Budget(bool decoding) const;

  // Learns from a step that took `time`.
  void StepTook(int prefill_tokens, int decode_tokens, absl::Duration time);

 private:
  const int chunk_;
  const absl::Duration max_stall_;
  // Running means; 0 before the first step of its kind.
  absl::Duration decode_step_;
  absl::Duration prompt_token_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_PREFILL_PACE_H_
