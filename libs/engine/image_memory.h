#ifndef STAGEBEAM_LIBS_ENGINE_IMAGE_MEMORY_H_
#define STAGEBEAM_LIBS_ENGINE_IMAGE_MEMORY_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "libs/engine/call.h"
#include "libs/engine/key_values.h"

namespace stagebeam::engine {

// A picture as the language model sees it: cross-attention keys and values, and
// the keys and values of the prompt's head, which looks at all stored tiles and
// is the same for every question about the picture.
struct KnownImage {
  // kLoading: a caller loads the features. kHead: the head is to be computed.
  enum class State { kLoading, kHead, kReady };

  std::string key;
  State state = State::kLoading;
  // Who loads; null where the next caller has to be asked.
  const CallTicket* loader = nullptr;
  int tile_count = 0;
  std::unique_ptr<ImageKeyValues> key_values;
  std::unique_ptr<KeyValues> head;
  int64_t bytes = 0;
};

// A holder keeps the picture in memory.
using ImageRef = std::shared_ptr<KnownImage>;

// The pictures at hand, least recently used out first; those that somebody
// holds stay.
//
// Not thread-safe: the scheduler thread owns it.
class ImageMemory {
 public:
  explicit ImageMemory(int64_t total_bytes) : total_bytes_(total_bytes) {}
  ImageMemory(const ImageMemory&) = delete;
  ImageMemory& operator=(const ImageMemory&) = delete;

  // Null where the picture is not known.
  ImageRef Find(const std::string& key);
  // Forgets pictures until `bytes` more fit; false where they cannot.
  bool MakeRoom(int64_t bytes);
  // A new picture that takes `bytes`, state kLoading.
  ImageRef Add(const std::string& key, int64_t bytes);
  // Notes what a picture takes from now on.
  void Resize(KnownImage& image, int64_t bytes);
  // Forgets a picture, whoever holds it.
  void Remove(const std::string& key);

  int64_t used_bytes() const { return used_bytes_; }
  int size() const { return static_cast<int>(by_use_.size()); }

 private:
  const int64_t total_bytes_;
  int64_t used_bytes_ = 0;
  // Most recently used first.
  std::list<ImageRef> by_use_;
  std::map<std::string, std::list<ImageRef>::iterator> by_key_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_IMAGE_MEMORY_H_
