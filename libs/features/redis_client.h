#ifndef STAGEBEAM_LIBS_FEATURES_REDIS_CLIENT_H_
#define STAGEBEAM_LIBS_FEATURES_REDIS_CLIENT_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/features/redis_address.h"
#include "libs/features/redis_connection.h"

namespace stagebeam::features {

// Runs commands on one Redis server over a pool of connections, opened when
// needed and thrown away after any error. Thread-safe; commands of several
// threads run side by side.
class RedisClient {
 public:
  struct Options {
    // Bound of one Run, connecting and resending included, whatever the server
    // does.
    absl::Duration operation_timeout = absl::Seconds(1);
    // Connections kept open while nobody uses them.
    size_t max_idle_connections = 8;
    // A longer reply is an error.
    size_t max_reply_bytes = size_t{96} << 20;
  };

  // Connects to nobody yet.
  RedisClient(RedisAddress address, const Options& options);

  // Runs one command. A command must bear being run twice: if a pooled
  // connection turns out dead (the server restarted), it is sent again on a
  // fresh one.
  //
  // DEADLINE_EXCEEDED: no whole reply by `deadline` or within the operation
  // timeout. UNAVAILABLE: no connection. Error replies: as ErrorReplyStatus
  // says. INTERNAL: nonsense. All name the server.
  absl::StatusOr<RedisReply> Run(std::span<const std::string_view> command,
                                 absl::Time deadline);

  // RedisAddress::Name of the server.
  const std::string& name() const { return name_; }

 private:
  std::unique_ptr<RedisConnection> TakeIdle();
  void KeepIdle(std::unique_ptr<RedisConnection> connection);
  void DropIdle();
  absl::StatusOr<RedisReply> RunOnFresh(
      std::span<const std::string_view> command, absl::Time deadline);
  absl::StatusOr<RedisReply> RunOn(std::unique_ptr<RedisConnection> connection,
                                   std::span<const std::string_view> command,
                                   absl::Time deadline);

  const RedisAddress address_;
  const std::string name_;
  const Options options_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<RedisConnection>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_REDIS_CLIENT_H_
