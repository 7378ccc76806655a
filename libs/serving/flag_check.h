#ifndef STAGEBEAM_LIBS_SERVING_FLAG_CHECK_H_
#define STAGEBEAM_LIBS_SERVING_FLAG_CHECK_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace stagebeam::serving {

// INVALID_ARGUMENT "--flag: why".
absl::Status RefuseFlag(std::string_view flag, std::string_view why);

// INVALID_ARGUMENT, naming flag, range and value, unless `value` is within
// [least, most].
absl::Status CheckFlag(std::string_view flag, int64_t value, int64_t least,
                       int64_t most);

// The same of durations.
absl::Status CheckFlag(std::string_view flag, absl::Duration value,
                       absl::Duration least, absl::Duration most);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_FLAG_CHECK_H_
