#ifndef STAGEBEAM_LIBS_SERVING_LISTENER_H_
#define STAGEBEAM_LIBS_SERVING_LISTENER_H_

#include <string>

#include "absl/status/statusor.h"
#include "libs/serving/file_descriptor.h"

namespace stagebeam::serving {

// A non-blocking TCP socket that listens on "host:port" (port 0: any free one;
// no host: all addresses; IPv6 hosts in brackets).
//
// INVALID_ARGUMENT: not such an address. UNAVAILABLE: the system refuses, with
// its reason.
absl::StatusOr<FileDescriptor> OpenListener(const std::string& address);

// The port that a socket is bound to; 0 where it is none.
int BoundPort(const FileDescriptor& socket);

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_LISTENER_H_
