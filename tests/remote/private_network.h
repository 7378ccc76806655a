#ifndef STAGEBEAM_TESTS_REMOTE_PRIVATE_NETWORK_H_
#define STAGEBEAM_TESTS_REMOTE_PRIVATE_NETWORK_H_

#include <string>

#include "absl/status/status.h"

namespace stagebeam::remote {

// Moves this process, while it has one thread, into namespaces of its own: a
// network that is nothing but a loopback device, and a view of the file system
// in which `resolv_conf` is /etc/resolv.conf. There every port is free and
// every 127.x.y.z is an address, and nothing outside notices.
//
// PERMISSION_DENIED: the system does not allow it.
absl::Status EnterPrivateNetwork(const std::string& resolv_conf);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_TESTS_REMOTE_PRIVATE_NETWORK_H_
