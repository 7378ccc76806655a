#ifndef STAGEBEAM_LIBS_REMOTE_DNS_H_
#define STAGEBEAM_LIBS_REMOTE_DNS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/remote/host_port.h"

namespace stagebeam::remote {

// One "ip:port" for every address that the system's resolver has for a host, at
// least one. UNAVAILABLE: it has none, with the reason. Blocks for as long as
// resolv.conf lets it try.
absl::StatusOr<std::vector<std::string>> ResolveHost(const HostPort& name);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_DNS_H_
