#include "libs/serving/status_conversion.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/serving/utf8_text.h"

namespace stagebeam::serving {
namespace {

// Clients refuse trailers of over 8 KiB at their default limits. A message
// travels twice: percent-encoded (up to three bytes for one), and in the
// details in base64 (four for three).
constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxDetailBytes = 2048;
constexpr size_t kMaxFieldPathBytes = 128;

absl::string_view Abseil(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

std::string TypeUrl(const google::protobuf::Message& message) {
  return absl::StrCat("type.googleapis.com/",
                      message.GetDescriptor()->full_name());
}

void SetDetail(absl::Status& status, const google::protobuf::Message& detail) {
  status.SetPayload(TypeUrl(detail), absl::Cord(detail.SerializeAsString()));
}

template <class Detail>
std::optional<Detail> GetDetail(const absl::Status& status) {
  Detail detail;
  const absl::optional<absl::Cord> payload = status.GetPayload(TypeUrl(detail));
  if (!payload.has_value()) return std::nullopt;
  if (!detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

google::rpc::BadRequest BadRequestOf(std::string_view field,
                                     std::string_view description) {
  google::rpc::BadRequest detail;
  auto* violation = detail.add_field_violations();
  violation->set_field(ToValidUtf8(field));
  violation->set_description(ToValidUtf8(description));
  return detail;
}

bool IsPathCharacter(unsigned char character) {
  return absl::ascii_isalnum(character) || character == '_' ||
         character == '.' || character == '[' || character == ']';
}

// The field path of "<field path>: <description>", or nothing.
std::string_view LeadingFieldPath(std::string_view message) {
  const size_t colon = message.find(": ");
  if (colon == std::string_view::npos || colon > kMaxFieldPathBytes) return {};
  const std::string_view path = message.substr(0, colon);
  const bool is_path = !path.empty() &&
                       (absl::ascii_isalpha(path[0]) || path[0] == '_') &&
                       std::all_of(path.begin(), path.end(), IsPathCharacter);
  return is_path ? path : std::string_view();
}

absl::Status WithBadRequest(const absl::Status& status) {
  if (!absl::IsInvalidArgument(status) ||
      GetDetail<google::rpc::BadRequest>(status).has_value()) {
    return status;
  }
  const std::string_view message(status.message().data(),
                                 status.message().size());
  const std::string_view field = LeadingFieldPath(message);
  if (field.empty()) return status;
  absl::Status detailed = status;
  SetDetail(detailed, BadRequestOf(field, message.substr(field.size() + 2)));
  return detailed;
}

std::string WireMessage(absl::string_view message) {
  std::string text =
      ToValidUtf8(std::string_view(message.data(), message.size()));
  if (text.size() <= kMaxMessageBytes) return text;
  size_t end = kMaxMessageBytes;
  while ((text[end] & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

// Details that fit; a client can do without, but not without the status.
std::string WireDetails(const absl::Status& status,
                        const std::string& message) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(message);
  size_t bytes = 0;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    if (bytes + url.size() + value.size() > kMaxDetailBytes) return;
    bytes += url.size() + value.size();
    auto* detail = rpc.add_details();
    detail->set_type_url(std::string(url));
    detail->set_value(std::string(value));
  });
  return rpc.details().empty() ? std::string() : rpc.SerializeAsString();
}

absl::StatusCode AbseilCode(grpc::StatusCode code) {
  if (code < grpc::StatusCode::OK || code > grpc::StatusCode::UNAUTHENTICATED) {
    return absl::StatusCode::kUnknown;
  }
  return static_cast<absl::StatusCode>(code);
}

}  // namespace

absl::Status InvalidField(std::string_view field,
                          std::string_view description) {
  absl::Status status = absl::InvalidArgumentError(
      absl::StrCat(Abseil(field), ": ", Abseil(description)));
  SetDetail(status, BadRequestOf(field, description));
  return status;
}

absl::Status RetryAfter(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo detail;
  const int64_t seconds = absl::IDivDuration(delay, absl::Seconds(1), &delay);
  detail.mutable_retry_delay()->set_seconds(seconds);
  detail.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(delay)));
  SetDetail(status, detail);
  return status;
}

std::vector<FieldViolation> FieldViolations(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  const auto detail = GetDetail<google::rpc::BadRequest>(status);
  if (!detail.has_value()) return violations;
  for (const auto& violation : detail->field_violations()) {
    violations.push_back({violation.field(), violation.description()});
  }
  return violations;
}

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  const auto detail = GetDetail<google::rpc::RetryInfo>(status);
  if (!detail.has_value()) return std::nullopt;
  return absl::Seconds(detail->retry_delay().seconds()) +
         absl::Nanoseconds(detail->retry_delay().nanos());
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const absl::Status detailed = WithBadRequest(status);
  const std::string message = WireMessage(detailed.message());
  return grpc::Status(static_cast<grpc::StatusCode>(detailed.code()), message,
                      WireDetails(detailed, message));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  absl::Status converted(AbseilCode(status.error_code()),
                         status.error_message());
  google::rpc::Status rpc;
  if (converted.ok() || !rpc.ParseFromString(status.error_details())) {
    return converted;
  }
  for (const auto& detail : rpc.details()) {
    converted.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return converted;
}

}  // namespace stagebeam::serving
