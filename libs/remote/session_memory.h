#ifndef STAGEBEAM_LIBS_REMOTE_SESSION_MEMORY_H_
#define STAGEBEAM_LIBS_REMOTE_SESSION_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace stagebeam::remote {

// Which replica answered a session last, and so holds its prefix. Of the
// sessions that nobody asked about longest it forgets those that are over
// `capacity`. Keeps hashes: two sessions in 2^64 may share a memory, which
// costs at most a prefix.
//
// Thread-safe.
class SessionMemory {
 public:
  explicit SessionMemory(size_t capacity) : capacity_(capacity) {}

  // The session's replica, if it is remembered.
  std::optional<std::string> Find(std::string_view session);
  void Remember(std::string_view session, std::string_view replica);
  size_t size() const;

 private:
  struct Entry {
    uint64_t session;
    std::string replica;
  };
  using Entries = std::list<Entry>;

  // The session's entry, moved to the front; end where there is none.
  Entries::iterator Touch(uint64_t session)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t capacity_;
  mutable absl::Mutex mutex_;
  // Last used first.
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, Entries::iterator> index_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_SESSION_MEMORY_H_
