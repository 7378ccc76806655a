#ifndef STAGEBEAM_LIBS_ENGINE_TORCH_ERRORS_H_
#define STAGEBEAM_LIBS_ENGINE_TORCH_ERRORS_H_

#include "absl/status/status.h"

namespace stagebeam::engine {

// INTERNAL with one line that says what the exception being handled said; call
// it in a catch block only.
absl::Status StatusOfCurrentException();

// Calls `run`, which returns a Status or StatusOr; what libtorch throws becomes
// its result.
template <typename Run>
auto CatchTorch(Run&& run) -> decltype(run()) {
  try {
    return run();
  } catch (...) {
    return StatusOfCurrentException();
  }
}

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TORCH_ERRORS_H_
