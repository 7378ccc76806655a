#include "libs/features/memory_store.h"

#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::features {
namespace {

int64_t BlobBytes(const FeatureBlob& blob) {
  return static_cast<int64_t>(blob.bytes().size());
}

}  // namespace

MemoryStore::MemoryStore(int64_t capacity_bytes)
    : capacity_bytes_(capacity_bytes) {}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> MemoryStore::Get(
    const std::string& key, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) return absl::NotFoundError("not in memory");
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->blob;
}

absl::Status MemoryStore::Put(const std::string& key,
                              std::shared_ptr<const FeatureBlob> blob,
                              absl::Time deadline) {
  const int64_t bytes = BlobBytes(*blob);
  if (bytes > capacity_bytes_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("blob of ", bytes, " bytes in a memory store of ",
                     capacity_bytes_, " bytes"));
  }
  absl::MutexLock lock(&mutex_);
  if (const auto found = index_.find(key); found != index_.end())
    Erase(found->second);
  while (used_bytes_ + bytes > capacity_bytes_)
    Erase(std::prev(entries_.end()));
  entries_.push_front({key, std::move(blob)});
  index_[key] = entries_.begin();
  used_bytes_ += bytes;
  return absl::OkStatus();
}

int64_t MemoryStore::used_bytes() const {
  absl::MutexLock lock(&mutex_);
  return used_bytes_;
}

void MemoryStore::Erase(Entries::iterator entry) {
  used_bytes_ -= BlobBytes(*entry->blob);
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace stagebeam::features
