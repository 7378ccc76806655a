#ifndef STAGEBEAM_LIBS_KERNELS_LOOPS_H_
#define STAGEBEAM_LIBS_KERNELS_LOOPS_H_

#include <cstdint>

#include "libs/kernels/bfloat16.h"
#include "libs/kernels/instruction_set.h"

// The inner loops of this room, one table of each kind for every set of
// instructions. The public kernels call through them.
namespace stagebeam::kernels {

struct TokenTile;

// ---- Products of matrices (packed_matrix.h) --------------------------------

// Outputs of a block of packed weights.
constexpr int64_t kBlock = 32;

struct PackedWeights {
  // Blocks of 32 outputs, one behind the other; in a block, lines of
  // `MultiplyLoops::line` outputs, and in a line [inputs / 2][line][2].
  const BFloat16* blocks;
  int64_t outputs;
  int64_t inputs;
};

struct MultiplyLoops {
  // Outputs side by side: 16 or 32.
  int64_t line;
  // y = x W^T + bias; x [rows, inputs], y [rows, outputs], `bias` [outputs] or
  // null. On as many threads as OpenMP gives the caller.
  void (*multiply)(const PackedWeights& w, const BFloat16* x, int64_t rows,
                   const BFloat16* bias, BFloat16* y);
};

// ---- Attention (attention_tile.h) ------------------------------------------

// c[r][i] = (add ? c[r][i] : 0) + sum over pairs p of b[p][i] . a[r][p], where
// a pair is two neighbouring numbers.
struct DotArgs {
  const BFloat16* a;
  int64_t a_stride;
  const BFloat16* b;
  int64_t b_stride;
  int64_t pairs;
  float* c;
  int64_t c_stride;
  bool add;
};

// What a row of scores does to what its query has gathered.
struct RowUpdate {
  float maximum;
  // What the row gathered so far shrinks by.
  float shrink;
  // Sum of the new weights.
  float added;
};

struct AttentionLoops {
  // Lays out `keys` and `values` from the rows; heads of a multiple of 16.
  void (*load)(TokenTile& tile, int64_t head_dim);
  // `columns` is taken up to the next multiple of 16.
  void (*dot)(const DotArgs& args, int64_t rows, int64_t columns);
  // Weights 2^(scale * score - maximum) of the first `visible` of `length`
  // tokens; zeros behind, up to the next multiple of 16.
  RowUpdate (*weigh)(const float* scores, int64_t length, int64_t visible,
                     float scale, float maximum, BFloat16* weights);
  // row[0..size) *= factor; `size` a multiple of 16.
  void (*shrink)(float* row, int64_t size, float factor);
};

// ---- Elementwise (elementwise.h), for one row, span or head ----------------

struct ElementwiseLoops {
  void (*norm)(const BFloat16* x, const BFloat16* weight, int64_t width,
               double epsilon, BFloat16* y);
  void (*silu)(const BFloat16* gate, const BFloat16* up, int64_t size,
               BFloat16* y);
  void (*rotate)(BFloat16* x, const BFloat16* cosines, const BFloat16* sines,
                 int64_t half);
  // softmax.h.
  float (*exponentials)(const float* x, int64_t size, float top, float scale,
                        float* weights);
};

struct Loops {
  const MultiplyLoops& multiply;
  const AttentionLoops& attention;
  const ElementwiseLoops& elementwise;
};

namespace avx2 {
extern const MultiplyLoops kMultiply;
extern const AttentionLoops kAttention;
extern const ElementwiseLoops kElementwise;
}  // namespace avx2

namespace avx512 {
extern const MultiplyLoops kMultiply;
extern const AttentionLoops kAttention;
extern const ElementwiseLoops kElementwise;
}  // namespace avx512

// Of a set that is not kNone.
inline Loops LoopsOf(InstructionSet set) {
  return set == InstructionSet::kAvx512
             ? Loops{avx512::kMultiply, avx512::kAttention,
                     avx512::kElementwise}
             : Loops{avx2::kMultiply, avx2::kAttention, avx2::kElementwise};
}

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_LOOPS_H_
