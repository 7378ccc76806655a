#include "benchmarks/limits_config.h"

#include <algorithm>
#include <cstdint>
#include <thread>

#include "absl/flags/flag.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(
    int, threads, 0,
    "Threads that read, multiply and run the model, [0, 1024]; 0: one for "
    "each core");
ABSL_FLAG(int64_t, read_mib, 1024,
          "MiB read through to measure the memory, [1, 65536]; more than the "
          "caches hold");
ABSL_FLAG(int, gemm_size, 2048,
          "Rows and columns of the matrices multiplied to measure the cores, "
          "[16, 16384]");
ABSL_FLAG(int, passes, 5,
          "Runs of each measurement of the machine in a round, [1, 1000]; the "
          "best of all rounds counts");

namespace stagebeam::benchmarks {

using serving::CheckFlag;

absl::StatusOr<LimitsMeter::Options> LimitsFromFlags() {
  const int threads = absl::GetFlag(FLAGS_threads);
  const int64_t read_mib = absl::GetFlag(FLAGS_read_mib);
  LimitsMeter::Options options;
  options.gemm_size = absl::GetFlag(FLAGS_gemm_size);
  options.passes = absl::GetFlag(FLAGS_passes);
  for (const absl::Status& status :
       {CheckFlag("threads", threads, 0, 1024),
        CheckFlag("read_mib", read_mib, 1, 65536),
        CheckFlag("gemm_size", options.gemm_size, 16, 16384),
        CheckFlag("passes", options.passes, 1, 1000)}) {
    if (!status.ok()) return status;
  }
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  options.threads = threads > 0 ? threads : std::max(cores, 1);
  options.read_bytes = read_mib << 20;
  return options;
}

}  // namespace stagebeam::benchmarks
