#ifndef STAGEBEAM_LIBS_SERVING_STATUS_CONVERSION_H_
#define STAGEBEAM_LIBS_SERVING_STATUS_CONVERSION_H_

#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Errors on their way through gRPC. Details (google.rpc.BadRequest,
// google.rpc.RetryInfo, …) are payloads of an absl::Status, keyed by their type
// URL, and travel in the trailer grpc-status-details-bin.
namespace stagebeam::serving {

// A field of a request that is wrong, and why.
struct FieldViolation {
  // Path from the request: "search.stage_beam.candidate_count".
  std::string field;
  std::string description;

  friend bool operator==(const FieldViolation&,
                         const FieldViolation&) = default;
};

// INVALID_ARGUMENT "<field>: <description>" with google.rpc.BadRequest.
absl::Status InvalidField(std::string_view field, std::string_view description);

// `status` with google.rpc.RetryInfo: try again after `delay`. An OK status
// stays as it is.
absl::Status RetryAfter(absl::Status status, absl::Duration delay);

// The violations that a status carries; empty where none.
std::vector<FieldViolation> FieldViolations(const absl::Status& status);

// The delay that a status asks for, if it does.
std::optional<absl::Duration> RetryDelay(const absl::Status& status);

// For the wire. An INVALID_ARGUMENT that says "<field path>: <description>" and
// carries no google.rpc.BadRequest gets one. Messages are cut at 1 KiB and made
// valid UTF-8.
grpc::Status ToGrpcStatus(const absl::Status& status);

// From the wire; details become payloads. An unknown code becomes UNKNOWN.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_STATUS_CONVERSION_H_
