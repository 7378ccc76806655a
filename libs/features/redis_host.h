#ifndef STAGEBEAM_LIBS_FEATURES_REDIS_HOST_H_
#define STAGEBEAM_LIBS_FEATURES_REDIS_HOST_H_

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/features/redis_address.h"

namespace stagebeam::features {

// One address to connect a socket to.
struct Endpoint {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

// The endpoints of an address, in the order to try them; at least one. A name
// goes to the system's resolver on a thread of its own, which is left behind if
// it does not answer by `deadline`: the resolver has no deadline itself.
// UNAVAILABLE: no such host. DEADLINE_EXCEEDED: no answer.
absl::StatusOr<std::vector<Endpoint>> FindEndpoints(const RedisAddress& address,
                                                    absl::Time deadline);

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_REDIS_HOST_H_
