#ifndef STAGEBEAM_LIBS_REMOTE_HOST_PORT_H_
#define STAGEBEAM_LIBS_REMOTE_HOST_PORT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace stagebeam::remote {

struct HostPort {
  std::string host;
  std::string port;
};

// The parts of "host:port", with brackets around an IPv6 host, which are
// dropped. INVALID_ARGUMENT where it is none.
absl::StatusOr<HostPort> SplitHostPort(std::string_view address);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_HOST_PORT_H_
