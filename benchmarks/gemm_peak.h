#ifndef STAGEBEAM_BENCHMARKS_GEMM_PEAK_H_
#define STAGEBEAM_BENCHMARKS_GEMM_PEAK_H_

#include "absl/status/statusor.h"
#include "libs/engine/options.h"

namespace stagebeam::benchmarks {

// Operations a second of a product of two size x size matrices on the CPU:
// 2 size^3 over the shortest of `passes` runs, of at::mm and of oneDNN with a
// packed right side, whichever is faster. The caller has set libtorch's
// threads. INTERNAL: what libtorch said.
absl::StatusOr<double> GemmPeak(engine::DType dtype, int size, int passes);

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_GEMM_PEAK_H_
