#include "libs/kernels/instruction_set.h"

#include <cpuid.h>

namespace stagebeam::kernels {

bool Runs(InstructionSet set) {
  switch (set) {
    case InstructionSet::kNone:
      return true;
    case InstructionSet::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case InstructionSet::kAvx512:
      return __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bf16");
  }
  return false;
}

InstructionSet BestInstructionSet() {
  static const InstructionSet best =
      Runs(InstructionSet::kAvx512) ? InstructionSet::kAvx512
      : Runs(InstructionSet::kAvx2) ? InstructionSet::kAvx2
                                    : InstructionSet::kNone;
  return best;
}

bool HasMatrixUnit() {
  // Leaf 7, EDX bit 22: AMX-BF16 (Intel's Software Developer's Manual, volume
  // 2A, CPUID).
  unsigned int a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> 22 & 1) != 0;
}

}  // namespace stagebeam::kernels
