#include "benchmarks/machine_limits.h"

#include <algorithm>
#include <utility>

#include "benchmarks/gemm_peak.h"
#include "benchmarks/read_bandwidth.h"
#include "libs/engine/linear_forms.h"
#include "libs/engine/torch_threads.h"

namespace stagebeam::benchmarks {

absl::Status LimitsMeter::Measure() {
  const absl::Status read = MeasureReads();
  return read.ok() ? MeasureProducts() : read;
}

absl::Status LimitsMeter::MeasureReads() {
  for (const auto& [pages, best] :
       {std::pair{Pages::kSmall, &best_.small_page_bytes},
        std::pair{Pages::kHuge, &best_.huge_page_bytes}}) {
    const auto buffer = ReadBuffer::Make(pages, options_.read_bytes);
    if (!buffer.ok()) return buffer.status();
    for (int pass = 0; pass < options_.passes; ++pass) {
      *best = std::max(*best, (*buffer)->Read(options_.threads));
    }
    if (pages != Pages::kHuge) continue;
    best_.huge_page_share =
        std::max(best_.huge_page_share, (*buffer)->huge_share());
  }
  return absl::OkStatus();
}

absl::Status LimitsMeter::MeasureProducts() {
  engine::SetTorchThreads(options_.threads);
  for (const auto& [dtype, best] :
       {std::pair{engine::DType::kFloat32, &best_.float32_operations},
        std::pair{engine::DType::kBFloat16, &best_.bfloat16_operations}}) {
    if (!engine::OneDnnMultiplies(dtype)) continue;
    const auto peak = GemmPeak(dtype, options_.gemm_size, options_.passes);
    if (!peak.ok()) return peak.status();
    *best = std::max(*best, *peak);
  }
  // Numbers of bfloat16 can also be widened first: the only way on processors
  // that have no product for them, where libraries are slower by far.
  best_.bfloat16_operations =
      std::max(best_.bfloat16_operations, best_.float32_operations);
  return absl::OkStatus();
}

}  // namespace stagebeam::benchmarks
