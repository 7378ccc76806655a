#ifndef STAGEBEAM_LIBS_FEATURES_CLOCK_H_
#define STAGEBEAM_LIBS_FEATURES_CLOCK_H_

#include <functional>

#include "absl/time/time.h"

namespace stagebeam::features {

// Tells the time; absl::Now in production, a variable in tests.
using Clock = std::function<absl::Time()>;

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_CLOCK_H_
