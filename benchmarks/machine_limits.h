#ifndef STAGEBEAM_BENCHMARKS_MACHINE_LIMITS_H_
#define STAGEBEAM_BENCHMARKS_MACHINE_LIMITS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "libs/engine/options.h"

namespace stagebeam::benchmarks {

// What no program on this machine can beat, a second.
struct MachineLimits {
  // Bytes read of a buffer larger than any cache, by the size of its pages.
  double small_page_bytes = 0;
  double huge_page_bytes = 0;
  // Share of the second buffer that really was on huge pages, [0, 1].
  double huge_page_share = 0;
  // Operations of a large product of matrices; a multiply-add is two.
  double float32_operations = 0;
  double bfloat16_operations = 0;

  double operations(engine::DType dtype) const {
    return dtype == engine::DType::kFloat32 ? float32_operations
                                            : bfloat16_operations;
  }
};

// Measures the limits in rounds and keeps the best of each: other work on the
// machine only ever lowers them, so rounds are to be spread over a benchmark.
//
// Not thread-safe.
class LimitsMeter {
 public:
  struct Options {
    // Threads that read or multiply; at least 1.
    int threads = 1;
    // The buffer's size; more than the caches hold.
    int64_t read_bytes = int64_t{1} << 30;
    // Rows and columns of the matrices.
    int gemm_size = 2048;
    // Runs of each measurement in a round.
    int passes = 5;
  };

  explicit LimitsMeter(const Options& options) : options_(options) {}

  // One round; leaves libtorch's number of threads at options.threads.
  // RESOURCE_EXHAUSTED: no memory for the buffer. INTERNAL: libtorch failed.
  absl::Status Measure();
  const MachineLimits& best() const { return best_; }
  const Options& options() const { return options_; }

 private:
  absl::Status MeasureReads();
  absl::Status MeasureProducts();

  const Options options_;
  MachineLimits best_;
};

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_MACHINE_LIMITS_H_
