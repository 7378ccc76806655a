#ifndef STAGEBEAM_LIBS_FEATURES_REDIS_REPLY_H_
#define STAGEBEAM_LIBS_FEATURES_REDIS_REPLY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace stagebeam::features {

// One reply of a Redis server.
struct RedisReply {
  enum class Type { kNil, kStatus, kError, kInteger, kString, kArray, kOther };

  Type type = Type::kNil;
  // Of kStatus, kError and kString.
  std::string text;
  // Of kInteger.
  int64_t integer = 0;
  // Of kArray.
  std::vector<std::unique_ptr<RedisReply>> elements;
};

// What an error reply means for a caller, by its first word: OOM is
// RESOURCE_EXHAUSTED, READONLY and MISCONF are FAILED_PRECONDITION, WRONGTYPE
// is DATA_LOSS, NOAUTH, WRONGPASS and NOPERM are PERMISSION_DENIED, LOADING,
// BUSY and the like are UNAVAILABLE, anything else is INTERNAL.
absl::Status ErrorReplyStatus(std::string_view error);

// Puts replies together from the bytes of a stream. Not thread-safe. After an
// error it is of no further use.
class RedisReplyReader {
 public:
  RedisReplyReader();
  ~RedisReplyReader();

  // The next whole reply of the bytes fed so far; nothing where it is not
  // complete. INTERNAL: not the Redis protocol.
  absl::StatusOr<std::optional<RedisReply>> Next();
  // True where bytes were fed that belong to no reply so far.
  bool HasRest() const;
  // Adds bytes to the stream.
  absl::Status Feed(std::string_view bytes);

 private:
  struct Parser;
  const std::unique_ptr<Parser> parser_;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_REDIS_REPLY_H_
