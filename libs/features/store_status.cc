#include "libs/features/store_status.h"

#include <string>

#include "absl/strings/cord.h"

namespace stagebeam::features {
namespace {

// Payloads carry what a status code cannot, without a code of its own.
constexpr char kCorrupt[] = "stagebeam.features/corrupt";
constexpr char kSkipped[] = "stagebeam.features/skipped";

absl::Status Marked(absl::Status status, const char* mark) {
  status.SetPayload(mark, absl::Cord("1"));
  return status;
}

}  // namespace

absl::Status CorruptError(std::string_view why) {
  return Marked(absl::NotFoundError(std::string(why)), kCorrupt);
}

bool WasCorrupt(const absl::Status& status) {
  return status.GetPayload(kCorrupt).has_value();
}

absl::Status SkippedError(std::string_view why) {
  return Marked(absl::UnavailableError(std::string(why)), kSkipped);
}

bool WasSkipped(const absl::Status& status) {
  return status.GetPayload(kSkipped).has_value();
}

bool IsOutage(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return false;
  }
}

}  // namespace stagebeam::features
