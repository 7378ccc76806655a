#ifndef STAGEBEAM_LIBS_ENGINE_MAPPED_FILE_H_
#define STAGEBEAM_LIBS_ENGINE_MAPPED_FILE_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace stagebeam::engine {

// A whole file mapped read-only; processes that map the same file share its
// memory. Immutable, and so thread-safe.
class MappedFile {
 public:
  // NOT_FOUND: cannot be opened. INVALID_ARGUMENT: no regular file, or empty.
  static absl::StatusOr<std::shared_ptr<const MappedFile>> Open(
      const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const char> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const char> bytes) : bytes_(bytes) {}

  const std::span<const char> bytes_;
};

// Lets go of the memory behind mapped bytes that this process will not need
// soon. They stay what they are, and are read from the file where they are
// needed again.
void ForgetMapped(std::span<const char> bytes);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_MAPPED_FILE_H_
