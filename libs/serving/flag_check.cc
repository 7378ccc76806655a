#include "libs/serving/flag_check.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace stagebeam::serving {

absl::Status RefuseFlag(std::string_view flag, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", std::string(flag), ": ", std::string(why)));
}

absl::Status CheckFlag(std::string_view flag, int64_t value, int64_t least,
                       int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return RefuseFlag(
      flag, absl::StrCat("must be in [", least, ", ", most, "], got ", value));
}

absl::Status CheckFlag(std::string_view flag, absl::Duration value,
                       absl::Duration least, absl::Duration most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return RefuseFlag(
      flag, absl::StrCat("must be in [", absl::FormatDuration(least), ", ",
                         absl::FormatDuration(most), "], got ",
                         absl::FormatDuration(value)));
}

}  // namespace stagebeam::serving
