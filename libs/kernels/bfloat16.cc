#include "libs/kernels/bfloat16.h"

namespace stagebeam::kernels {

bool IsSupported() {
#if defined(__x86_64__)
  static const bool supported = __builtin_cpu_supports("avx512f") &&
                                __builtin_cpu_supports("avx512bw") &&
                                __builtin_cpu_supports("avx512vl") &&
                                __builtin_cpu_supports("avx512bf16");
  return supported;
#else
  return false;
#endif
}

}  // namespace stagebeam::kernels
