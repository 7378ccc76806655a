#ifndef STAGEBEAM_LIBS_FEATURES_REDIS_CONNECTION_H_
#define STAGEBEAM_LIBS_FEATURES_REDIS_CONNECTION_H_

#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/features/redis_address.h"
#include "libs/features/redis_reply.h"
#include "libs/features/redis_socket.h"

namespace stagebeam::features {

// One connection, authenticated and on its database. Not thread-safe.
class RedisConnection {
 public:
  // Connects. Errors as Run; PERMISSION_DENIED where the password is refused.
  static absl::StatusOr<std::unique_ptr<RedisConnection>> Open(
      const RedisAddress& address, size_t max_reply_bytes, absl::Time deadline);

  // Sends one command and receives its reply; an error reply is a reply.
  // DEADLINE_EXCEEDED, UNAVAILABLE (connection lost), INTERNAL (nonsense),
  // RESOURCE_EXHAUSTED (more than max_reply_bytes): the connection is of no
  // further use, for what comes next on it belongs to this command.
  absl::StatusOr<RedisReply> Run(std::span<const std::string_view> command,
                                 absl::Time deadline);

  // True where the server closed it, or said something unasked.
  bool IsStale() const { return reader_->HasRest() || socket_.HasInput(); }

 private:
  RedisConnection(RedisSocket socket, size_t max_reply_bytes);

  absl::Status Introduce(const RedisAddress& address, absl::Time deadline);
  absl::Status Expect(std::span<const std::string_view> command,
                      absl::Time deadline);
  absl::StatusOr<RedisReply> Receive(absl::Time deadline);

  RedisSocket socket_;
  const size_t max_reply_bytes_;
  std::unique_ptr<RedisReplyReader> reader_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_REDIS_CONNECTION_H_
