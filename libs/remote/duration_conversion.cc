#include "libs/remote/duration_conversion.h"

#include <algorithm>

namespace stagebeam::remote {
namespace {

// Of google/protobuf/duration.proto: 10,000 years of 365.25 days.
constexpr int64_t kMaxSeconds = 315'576'000'000;

}  // namespace

absl::Duration FromProto(const google::protobuf::Duration& proto) {
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  const absl::Duration limit = absl::Seconds(kMaxSeconds);
  duration = std::clamp(duration, -limit, limit);
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

}  // namespace stagebeam::remote
