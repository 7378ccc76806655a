#ifndef STAGEBEAM_LIBS_FEATURES_MEMORY_STORE_H_
#define STAGEBEAM_LIBS_FEATURES_MEMORY_STORE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "libs/features/feature_store.h"

namespace stagebeam::features {

// Blobs in this process's memory; the least recently used leave first once
// their bytes exceed the capacity. A blob that a caller still holds stays alive
// with the caller. Thread-safe; deadlines do not matter to it.
class MemoryStore : public FeatureStore {
 public:
  // `capacity_bytes` bounds the sum of blob sizes; 0 keeps nothing.
  explicit MemoryStore(int64_t capacity_bytes);

  absl::StatusOr<std::shared_ptr<const FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) override;
  // RESOURCE_EXHAUSTED where one blob alone exceeds the capacity.
  absl::Status Put(const std::string& key,
                   std::shared_ptr<const FeatureBlob> blob,
                   absl::Time deadline) override;

  // Bytes held now, and how many there may be.
  int64_t used_bytes() const;
  int64_t capacity_bytes() const { return capacity_bytes_; }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const FeatureBlob> blob;
  };
  // Most recently used first.
  using Entries = std::list<Entry>;

  void Erase(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int64_t capacity_bytes_;
  mutable absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Entries::iterator> index_
      ABSL_GUARDED_BY(mutex_);
  int64_t used_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace stagebeam::features

#endif  // STAGEBEAM_LIBS_FEATURES_MEMORY_STORE_H_
