#ifndef STAGEBEAM_LIBS_KERNELS_PACKED_MATRIX_H_
#define STAGEBEAM_LIBS_KERNELS_PACKED_MATRIX_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "libs/kernels/bfloat16.h"
#include "libs/kernels/huge_pages.h"
#include "libs/kernels/instruction_set.h"
#include "libs/kernels/loops.h"

namespace stagebeam::kernels {

// A weight matrix W [outputs, inputs] stored for y = x W^T.
//
// Outputs go in lines of 16 or 32; a line holds, for each pair of inputs, the
// outputs' two weights side by side: what the processor's dot product of pairs
// (VDPBF16PS) takes, and what AVX2 splits into two fp32 numbers by a shift and
// a mask. So one pass over a line is one stream from memory whatever the number
// of rows in x, and the same layout serves a decode step of one row (limited by
// memory) and a prefill of hundreds (limited by arithmetic).
//
// Immutable, and so thread-safe.
class PackedMatrix {
 public:
  // Copies `weight`, row-major [outputs, inputs]; `inputs` must be even. Null
  // where there is no memory.
  static std::shared_ptr<const PackedMatrix> Pack(
      const BFloat16* weight, int64_t outputs, int64_t inputs, HugePages& pages,
      InstructionSet set = BestInstructionSet());

  // y = x W^T + bias for x [rows, inputs] and y [rows, outputs], row-major;
  // `bias` [outputs] may be null. Sums are fp32, rounded once to nearest even.
  // Runs on as many threads as OpenMP gives the caller.
  void Multiply(const BFloat16* x, int64_t rows, const BFloat16* bias,
                BFloat16* y) const;

  int64_t outputs() const { return outputs_; }
  int64_t inputs() const { return inputs_; }

 private:
  PackedMatrix(Memory memory, int64_t outputs, int64_t inputs,
               const MultiplyLoops& loops)
      : memory_(std::move(memory)),
        outputs_(outputs),
        inputs_(inputs),
        loops_(loops) {}

  const Memory memory_;
  const int64_t outputs_;
  const int64_t inputs_;
  const MultiplyLoops& loops_;
};

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_PACKED_MATRIX_H_
