#include "benchmarks/read_bandwidth.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmarks/stopwatch.h"

namespace stagebeam::benchmarks {
namespace {

constexpr int64_t kHugePage = int64_t{2} << 20;

// Independent sums, so that no addition waits for another: memory is the limit
// then, on any x86-64 or ARM and without its widest instructions.
constexpr int kLanes = 8;
using Lane = uint64_t __attribute__((vector_size(32)));
// Words that one turn of the loop reads.
constexpr int64_t kBlock = kLanes * sizeof(Lane) / sizeof(uint64_t);

uint64_t Sum(const uint64_t* words, int64_t count) {
  const Lane* next = reinterpret_cast<const Lane*>(words);
  Lane sums[kLanes] = {};
  for (int64_t done = 0; done < count; done += kBlock, next += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) sums[lane] += next[lane];
  }
  uint64_t total = 0;
  for (const Lane& sum : sums) total += sum[0] + sum[1] + sum[2] + sum[3];
  return total;
}

// Kilobytes of "AnonHugePages:" of the mapping that begins at `address`.
int64_t HugeKilobytes(const void* address) {
  std::ostringstream begin;
  begin << std::hex << reinterpret_cast<uintptr_t>(address) << "-";
  std::ifstream smaps("/proc/self/smaps");
  bool is_inside = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.rfind(begin.str(), 0) == 0) is_inside = true;
    if (!is_inside || line.rfind("AnonHugePages:", 0) != 0) continue;
    return std::stoll(line.substr(line.find(':') + 1));
  }
  return 0;
}

}  // namespace

ReadBuffer::ReadBuffer(void* mapping, int64_t bytes)
    : mapping_(mapping), bytes_(bytes) {}

ReadBuffer::~ReadBuffer() {
  munmap(mapping_, static_cast<size_t>(bytes_ + kHugePage));
}

absl::StatusOr<std::unique_ptr<ReadBuffer>> ReadBuffer::Make(Pages pages,
                                                             int64_t bytes) {
  bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  const size_t mapped = static_cast<size_t>(bytes + kHugePage);
  void* const mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for ", bytes, " bytes to read"));
  }
  // Advice only; huge_share() tells what came of it.
  madvise(mapping, mapped,
          pages == Pages::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  std::unique_ptr<ReadBuffer> buffer(new ReadBuffer(mapping, bytes));
  std::fill_n(buffer->words(), bytes / sizeof(uint64_t), uint64_t{1});
  return buffer;
}

uint64_t* ReadBuffer::words() const {
  const uintptr_t begin = reinterpret_cast<uintptr_t>(mapping_);
  return reinterpret_cast<uint64_t*>((begin + kHugePage - 1) / kHugePage *
                                     kHugePage);
}

double ReadBuffer::Read(int threads) const {
  const int64_t blocks = bytes_ / sizeof(uint64_t) / kBlock;
  std::atomic<uint64_t> total = 0;
  const Stopwatch watch;
  std::vector<std::jthread> readers;
  for (int t = 0; t < threads; ++t) {
    const int64_t begin = blocks * t / threads * kBlock;
    const int64_t end = blocks * (t + 1) / threads * kBlock;
    readers.emplace_back(
        [&, begin, end] { total += Sum(words() + begin, end - begin); });
  }
  readers.clear();
  return static_cast<double>(bytes_) / watch.seconds();
}

double ReadBuffer::huge_share() const {
  return static_cast<double>(HugeKilobytes(mapping_)) * 1024 /
         static_cast<double>(bytes_);
}

}  // namespace stagebeam::benchmarks
