#include "libs/engine/image_memory.h"

namespace stagebeam::engine {

ImageRef ImageMemory::Find(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return *found->second;
}

bool ImageMemory::MakeRoom(int64_t bytes) {
  auto next = by_use_.end();
  while (used_bytes_ + bytes > total_bytes_ && next != by_use_.begin()) {
    --next;
    if (next->use_count() > 1) continue;
    const std::string key = (*next)->key;
    ++next;
    Remove(key);
  }
  return used_bytes_ + bytes <= total_bytes_;
}

ImageRef ImageMemory::Add(const std::string& key, int64_t bytes) {
  auto image = std::make_shared<KnownImage>();
  image->key = key;
  image->bytes = bytes;
  used_bytes_ += bytes;
  by_use_.push_front(image);
  by_key_[key] = by_use_.begin();
  return image;
}

void ImageMemory::Resize(KnownImage& image, int64_t bytes) {
  used_bytes_ += bytes - image.bytes;
  image.bytes = bytes;
}

void ImageMemory::Remove(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  used_bytes_ -= (*found->second)->bytes;
  by_use_.erase(found->second);
  by_key_.erase(found);
}

}  // namespace stagebeam::engine
