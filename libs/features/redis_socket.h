#ifndef STAGEBEAM_LIBS_FEATURES_REDIS_SOCKET_H_
#define STAGEBEAM_LIBS_FEATURES_REDIS_SOCKET_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/features/redis_address.h"

namespace stagebeam::features {

// A non-blocking stream socket whose every operation ends by a deadline,
// however slowly the other side trickles. Writing to a closed peer is an error
// and never a SIGPIPE.
//
// Movable; not thread-safe. Errors: DEADLINE_EXCEEDED, UNAVAILABLE.
class RedisSocket {
 public:
  // Connects to the first endpoint of the address that accepts.
  static absl::StatusOr<RedisSocket> Connect(const RedisAddress& address,
                                             absl::Time deadline);

  RedisSocket(RedisSocket&& other) noexcept;
  RedisSocket& operator=(RedisSocket&& other) noexcept;
  ~RedisSocket();

  // Sends all parts, in order, without copying them.
  absl::Status Send(std::span<const std::string_view> parts,
                    absl::Time deadline);
  // Receives between 1 and buffer.size() bytes. UNAVAILABLE at the stream's
  // end.
  absl::StatusOr<size_t> Receive(std::span<char> buffer, absl::Time deadline);
  // True where bytes or the stream's end wait to be read: for an idle
  // connection, that it must not be used again.
  bool HasInput() const;

 private:
  explicit RedisSocket(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_REDIS_SOCKET_H_
