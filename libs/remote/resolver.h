#ifndef STAGEBEAM_LIBS_REMOTE_RESOLVER_H_
#define STAGEBEAM_LIBS_REMOTE_RESOLVER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace stagebeam::remote {

// The addresses behind a comma-separated list, in order and without doubles:
//   "host:port"          itself, one replica
//   "unix:/path"         itself
//   "dns:///host:port"   one "ip:port" for every address the name has
//
// INVALID_ARGUMENT names an entry that is none of these. UNAVAILABLE: a name
// that does not resolve, with the reason. Blocks on DNS.
absl::StatusOr<std::vector<std::string>> ResolveAddresses(
    std::string_view addresses);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_RESOLVER_H_
