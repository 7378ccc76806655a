#include "libs/engine/torch_threads.h"

#include <ATen/Parallel.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace stagebeam::engine {

void SetTorchThreads(int threads) {
  at::set_num_threads(threads > 0 ? threads : UsableCores());
}

int UsableCores() {
  cpu_set_t allowed;
  int cores = sched_getaffinity(0, sizeof(allowed), &allowed) == 0
                  ? CPU_COUNT(&allowed)
                  : static_cast<int>(std::thread::hardware_concurrency());
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string line;
  std::getline(file, line);
  if (const auto quota = CoresOfQuota(line)) cores = std::min(cores, *quota);
  return std::max(cores, 1);
}

std::optional<int> CoresOfQuota(std::string_view cpu_max) {
  const std::vector<std::string> parts = absl::StrSplit(
      std::string(cpu_max), absl::ByAnyChar(" \n"), absl::SkipEmpty());
  int64_t time = 0, period = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &time) ||
      !absl::SimpleAtoi(parts[1], &period) || time < 1 || period < 1) {
    return std::nullopt;
  }
  return static_cast<int>((time + period - 1) / period);
}

}  // namespace stagebeam::engine
