#ifndef STAGEBEAM_LIBS_ENGINE_TORCH_THREADS_H_
#define STAGEBEAM_LIBS_ENGINE_TORCH_THREADS_H_

#include <optional>
#include <string_view>

namespace stagebeam::engine {

// Threads of one operation called from this thread; 0: one for each core that
// this process may use.
void SetTorchThreads(int threads);

// Cores that this process may use, at least 1: those that it may run on, and no
// more than its control group's share of time amounts to, rounded up.
int UsableCores();

// Cores that a cpu.max file of a control group (version 2) grants, rounded up;
// nothing where it sets no limit or is no such file. Source: the kernel's
// Documentation/admin-guide/cgroup-v2.rst.
std::optional<int> CoresOfQuota(std::string_view cpu_max);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_TORCH_THREADS_H_
