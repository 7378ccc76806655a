#ifndef STAGEBEAM_LIBS_FEATURES_STORE_STATUS_H_
#define STAGEBEAM_LIBS_FEATURES_STORE_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

namespace stagebeam::features {

// NOT_FOUND for bytes that were held and do not verify; `why` says what is
// wrong.
absl::Status CorruptError(std::string_view why);
bool WasCorrupt(const absl::Status& status);

// UNAVAILABLE for a call that a breaker kept away from the store.
absl::Status SkippedError(std::string_view why);
bool WasSkipped(const absl::Status& status);

// True where the status says that the store itself is sick, and not that it
// answered no: what a breaker counts.
bool IsOutage(const absl::Status& status);

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_STORE_STATUS_H_
