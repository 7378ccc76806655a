#include "libs/kernels/bfloat16.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

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

bool HasMatrixUnit() {
#if defined(__x86_64__)
  // Leaf 7, EDX bit 22: AMX-BF16 (Intel's Software Developer's Manual, volume
  // 2A, CPUID).
  unsigned int a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> 22 & 1) != 0;
#else
  return false;
#endif
}

}  // namespace stagebeam::kernels
