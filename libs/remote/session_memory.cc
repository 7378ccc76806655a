#include "libs/remote/session_memory.h"

#include "libs/remote/stable_hash.h"

namespace stagebeam::remote {

std::optional<std::string> SessionMemory::Find(std::string_view session) {
  absl::MutexLock lock(&mutex_);
  const auto entry = Touch(StableHash(session));
  if (entry == entries_.end()) return std::nullopt;
  return entry->replica;
}

void SessionMemory::Remember(std::string_view session,
                             std::string_view replica) {
  if (capacity_ == 0) return;
  const uint64_t hash = StableHash(session);
  absl::MutexLock lock(&mutex_);
  if (const auto entry = Touch(hash); entry != entries_.end()) {
    entry->replica = replica;
    return;
  }
  entries_.push_front({hash, std::string(replica)});
  index_[hash] = entries_.begin();
  if (entries_.size() <= capacity_) return;
  index_.erase(entries_.back().session);
  entries_.pop_back();
}

size_t SessionMemory::size() const {
  absl::MutexLock lock(&mutex_);
  return entries_.size();
}

SessionMemory::Entries::iterator SessionMemory::Touch(uint64_t session) {
  const auto found = index_.find(session);
  if (found == index_.end()) return entries_.end();
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.begin();
}

}  // namespace stagebeam::remote
