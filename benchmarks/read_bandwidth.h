#ifndef STAGEBEAM_BENCHMARKS_READ_BANDWIDTH_H_
#define STAGEBEAM_BENCHMARKS_READ_BANDWIDTH_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"

namespace stagebeam::benchmarks {

enum class Pages { kSmall, kHuge };

// Memory to be read through, filled so that every page is one of its own.
//
// Immutable, and so thread-safe.
class ReadBuffer {
 public:
  // `bytes` rounded up to whole huge pages of 2 MiB; kSmall asks the kernel for
  // 4 KiB pages, kHuge for huge ones. RESOURCE_EXHAUSTED: no such memory.
  static absl::StatusOr<std::unique_ptr<ReadBuffer>> Make(Pages pages,
                                                          int64_t bytes);
  ~ReadBuffer();
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;

  // Reads everything once, each of `threads` threads a part, and returns bytes
  // a second.
  double Read(int threads) const;

  // Share of the memory that the kernel has put on huge pages, [0, 1].
  double huge_share() const;
  int64_t bytes() const { return bytes_; }

 private:
  ReadBuffer(void* mapping, int64_t bytes);

  // Starts at a huge page's boundary within the mapping.
  uint64_t* words() const;

  void* const mapping_;
  const int64_t bytes_;
};

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_READ_BANDWIDTH_H_
