#include "libs/kernels/packed_matrix.h"

#include <algorithm>
#include <cstring>

namespace stagebeam::kernels {
namespace {

// One line's weights [outputs, inputs] to [inputs / 2][line][2].
void PackLine(const BFloat16* weight, int64_t outputs, int64_t inputs,
              int64_t line, BFloat16* to) {
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < inputs; i += 2)
      std::memcpy(to + i * line + 2 * o, weight + o * inputs + i,
                  2 * sizeof(BFloat16));
  }
}

}  // namespace

std::shared_ptr<const PackedMatrix> PackedMatrix::Pack(const BFloat16* weight,
                                                       int64_t outputs,
                                                       int64_t inputs,
                                                       HugePages& pages,
                                                       InstructionSet set) {
  const MultiplyLoops& loops = LoopsOf(set).multiply;
  const int64_t whole = (outputs + kBlock - 1) / kBlock * kBlock;
  Memory memory =
      pages.Allocate(static_cast<size_t>(whole * inputs) * sizeof(BFloat16));
  if (memory == nullptr) return nullptr;
  auto* const packed = reinterpret_cast<BFloat16*>(memory.get());
#pragma omp parallel for schedule(static)
  for (int64_t o = 0; o < outputs; o += loops.line) {
    PackLine(weight + o * inputs, std::min(loops.line, outputs - o), inputs,
             loops.line, packed + o * inputs);
  }
  return std::shared_ptr<const PackedMatrix>(
      new PackedMatrix(std::move(memory), outputs, inputs, loops));
}

void PackedMatrix::Multiply(const BFloat16* x, int64_t rows,
                            const BFloat16* bias, BFloat16* y) const {
  const auto* const blocks = reinterpret_cast<const BFloat16*>(memory_.get());
  loops_.multiply({blocks, outputs_, inputs_}, x, rows, bias, y);
}

}  // namespace stagebeam::kernels
