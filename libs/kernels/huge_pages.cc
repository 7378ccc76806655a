#include "libs/kernels/huge_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>

namespace stagebeam::kernels {
namespace {

constexpr size_t kPage = size_t{2} << 20;
// Pages cost nothing until they are written to.
constexpr size_t kLeastRegion = size_t{256} << 20;
constexpr size_t kAlignment = 64;

size_t RoundUp(size_t n, size_t to) { return (n + to - 1) / to * to; }

Memory MapRegion(size_t size) {
  // Room to begin on a whole page.
  const size_t mapped = size + kPage;
  void* const start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  const uintptr_t address = reinterpret_cast<uintptr_t>(start);
  char* const begin =
      static_cast<char*>(start) + (RoundUp(address, kPage) - address);
  // Advice: where it is refused, the memory serves as well, only slower.
  madvise(begin, size, MADV_HUGEPAGE);
  return Memory(begin, [start, mapped](char*) { munmap(start, mapped); });
}

}  // namespace

Memory HugePages::Allocate(size_t bytes) {
  bytes = RoundUp(std::max<size_t>(bytes, 1), kAlignment);
  if (region_ == nullptr || size_ - used_ < bytes) {
    const size_t size = std::max(kLeastRegion, RoundUp(bytes, kPage));
    region_ = MapRegion(size);
    if (region_ == nullptr) return nullptr;
    size_ = size;
    used_ = 0;
  }
  char* const piece = region_.get() + used_;
  used_ += bytes;
  return Memory(region_, piece);
}

}  // namespace stagebeam::kernels
