#ifndef STAGEBEAM_LIBS_REMOTE_DURATION_CONVERSION_H_
#define STAGEBEAM_LIBS_REMOTE_DURATION_CONVERSION_H_

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace stagebeam::remote {

// Any field values give some duration: seconds and nanos are added up.
absl::Duration FromProto(const google::protobuf::Duration& proto);

// Clamped to what the message allows, +-315,576,000,000 s.
google::protobuf::Duration ToProto(absl::Duration duration);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_DURATION_CONVERSION_H_
