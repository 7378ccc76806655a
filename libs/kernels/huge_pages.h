#ifndef STAGEBEAM_LIBS_KERNELS_HUGE_PAGES_H_
#define STAGEBEAM_LIBS_KERNELS_HUGE_PAGES_H_

#include <cstddef>
#include <memory>

namespace stagebeam::kernels {

// Memory that lives as long as somebody holds it.
using Memory = std::shared_ptr<char>;

// Hands out memory for weights from regions on huge pages: what is streamed
// once a token would otherwise spend half of its time on address translation.
// Pieces lie behind each other, so that small ones share a page.
//
// Not thread-safe. What it handed out outlives it.
class HugePages {
 public:
  // `bytes` of zeros, 64-byte aligned. Null where there is no memory.
  Memory Allocate(size_t bytes);

 private:
  Memory region_;
  size_t used_ = 0;
  size_t size_ = 0;
};

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_HUGE_PAGES_H_
