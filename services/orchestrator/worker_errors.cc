#include "services/orchestrator/worker_errors.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::orchestrator {
namespace {

constexpr absl::Duration kRetryDelay = absl::Seconds(1);

absl::Status TryLater(const absl::Status& error) {
  const absl::Duration delay = serving::RetryDelay(error).value_or(kRetryDelay);
  return serving::RetryAfter(
      absl::UnavailableError(std::string(error.message())), delay);
}

// A worker's field by its name in ReasonRequest; others are the same in both.
std::string FieldForCaller(const std::string& field) {
  if (absl::StartsWith(field, "sampling.")) return "search." + field;
  if (field == "stopping.max_new_tokens") return "search.max_candidate_tokens";
  if (field == "stopping.min_new_tokens") return "search.min_candidate_tokens";
  return field;
}

absl::Status InvalidForCaller(const absl::Status& error) {
  const auto violations = serving::FieldViolations(error);
  if (!violations.empty()) {
    return serving::InvalidField(FieldForCaller(violations[0].field),
                                 violations[0].description);
  }
  const std::string message(error.message());
  const size_t colon = message.find(": ");
  const std::string field = message.substr(0, colon);
  if (colon == std::string::npos || field.find(' ') != std::string::npos) {
    return error;
  }
  return serving::InvalidField(FieldForCaller(field),
                               message.substr(colon + 2));
}

absl::Status FeaturesGone() {
  return absl::NotFoundError(
      "image_key: its features are gone; send the picture");
}

}  // namespace

absl::Status ForCaller(const absl::Status& error, bool by_key) {
  switch (error.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return error;
    case absl::StatusCode::kInvalidArgument:
      return InvalidForCaller(error);
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return by_key ? FeaturesGone() : TryLater(error);
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
      return TryLater(error);
    default:
      return absl::InternalError(std::string(error.message()));
  }
}

}  // namespace stagebeam::orchestrator
