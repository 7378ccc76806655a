#ifndef STAGEBEAM_LIBS_KERNELS_INSTRUCTION_SET_H_
#define STAGEBEAM_LIBS_KERNELS_INSTRUCTION_SET_H_

#include <cstdint>

// The kinds of processor that this room has inner loops for.
namespace stagebeam::kernels {

enum class InstructionSet : uint8_t {
  kNone,
  // AVX2 with fused multiply-add: bfloat16 is widened to fp32 on its way in.
  kAvx2,
  // AVX-512 with the bfloat16 dot product of pairs.
  kAvx512,
};

// True where this processor and operating system run `set`. Where it is false,
// calling a kernel with it is undefined.
bool Runs(InstructionSet set);

// The fastest that runs here; kNone: no kernel does.
InstructionSet BestInstructionSet();

// True where the processor also has a matrix unit for bfloat16 (AMX), which
// multiplies large matrices faster than the kernels of this room.
bool HasMatrixUnit();

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_INSTRUCTION_SET_H_
