#ifndef STAGEBEAM_LIBS_KERNELS_TILED_MULTIPLY_H_
#define STAGEBEAM_LIBS_KERNELS_TILED_MULTIPLY_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "libs/kernels/bfloat16.h"
#include "libs/kernels/loops.h"
#include "libs/kernels/openmp.h"

// How a product is cut into tiles, whatever multiplies a tile. `Set` says:
//   Input                what x becomes: BFloat16, or float once widened
//   kTileRows            most rows of a tile
//   kCacheBytes          of weights that stay in a core's second-level cache
//                        while all tiles of x pass
//   Multiply(rows, args) one tile of x against one block of weights
namespace stagebeam::kernels {

template <typename Input>
struct TileArgs {
  // Pair i of row r at x[i * pair_stride + r * row_stride].
  const Input* x;
  int64_t pair_stride;
  int64_t row_stride;
  const BFloat16* weights;
  int64_t pairs;
  // 32 numbers.
  const float* bias;
  BFloat16* y;
  int64_t y_stride;
  // Outputs of the block that exist.
  int64_t width;
};

// Rows of x that pass at a time: their tiles stay in the shared cache.
constexpr int64_t kChunkRows = 384;

inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <typename Input>
Input As(BFloat16 x) {
  if constexpr (std::is_same_v<Input, float>) {
    return ToFloat(x);
  } else {
    return x;
  }
}

// x [rows, inputs] with the pairs of a tile's rows side by side: tile by tile
// [inputs / 2, rows of the tile, 2]. A tile's rows would otherwise fall into
// the same few lines of the first-level cache where inputs is a power of two.
// One tile that needs no widening stays in place.
template <typename Set>
class Tiles {
 public:
  using Input = typename Set::Input;

  Tiles(const BFloat16* x, int64_t rows, int64_t inputs)
      : source_(x),
        inputs_(inputs),
        rows_(rows),
        count_(CeilDiv(rows, Set::kTileRows)),
        size_(CeilDiv(rows, count_)) {
    if (IsInPlace()) return;
    packed_ = std::make_unique_for_overwrite<Input[]>(
        static_cast<size_t>(rows * inputs));
#pragma omp parallel for schedule(static) if (count_ > 1)
    for (int64_t t = 0; t < count_; ++t) PackTile(t);
  }

  int64_t count() const { return count_; }
  int64_t FirstRowOf(int64_t t) const { return t * size_; }
  int64_t RowsOf(int64_t t) const { return std::min(size_, rows_ - t * size_); }

  void Point(int64_t t, TileArgs<Input>& args) const {
    args.pairs = inputs_ / 2;
    if constexpr (std::is_same_v<Input, BFloat16>) {
      if (IsInPlace()) {
        args.x = source_;
        args.pair_stride = 2;
        args.row_stride = inputs_;
        return;
      }
    }
    args.x = packed_.get() + t * size_ * inputs_;
    args.pair_stride = 2 * RowsOf(t);
    args.row_stride = 2;
  }

 private:
  bool IsInPlace() const {
    return std::is_same_v<Input, BFloat16> && count_ == 1;
  }

  void PackTile(int64_t t) {
    const int64_t n = RowsOf(t);
    for (int64_t r = 0; r < n; ++r) {
      const BFloat16* from = source_ + (t * size_ + r) * inputs_;
      Input* to = packed_.get() + t * size_ * inputs_ + 2 * r;
      for (int64_t i = 0; i < inputs_; i += 2, to += 2 * n) {
        to[0] = As<Input>(from[i]);
        to[1] = As<Input>(from[i + 1]);
      }
    }
  }

  const BFloat16* const source_;
  const int64_t inputs_, rows_, count_, size_;
  std::unique_ptr<Input[]> packed_;
};

// Blocks that one thread takes at a time: what its cache holds, and the same
// number of groups for every thread.
inline int64_t GroupOf(int64_t blocks, int64_t inputs, int64_t cache_bytes) {
  const int64_t bytes =
      kBlock * inputs * static_cast<int64_t>(sizeof(BFloat16));
  const int64_t fit = std::max<int64_t>(1, cache_bytes / bytes);
  const int64_t threads = omp_get_max_threads();
  const int64_t rounds = CeilDiv(CeilDiv(blocks, threads), fit);
  return CeilDiv(blocks, rounds * threads);
}

inline std::array<float, kBlock> BiasOf(const BFloat16* bias, int64_t width) {
  std::array<float, kBlock> start{};
  for (int64_t o = 0; bias != nullptr && o < width; ++o)
    start[static_cast<size_t>(o)] = ToFloat(bias[o]);
  return start;
}

template <typename Set>
void MultiplyChunk(const PackedWeights& w, const BFloat16* x, int64_t rows,
                   const BFloat16* bias, BFloat16* y) {
  const Tiles<Set> tiles(x, rows, w.inputs);
  const int64_t blocks = CeilDiv(w.outputs, kBlock);
  const int64_t group = GroupOf(blocks, w.inputs, Set::kCacheBytes);
#pragma omp parallel for schedule(static)
  for (int64_t begin = 0; begin < blocks; begin += group) {
    const int64_t end = std::min(blocks, begin + group);
    for (int64_t t = 0; t < tiles.count(); ++t) {
      TileArgs<typename Set::Input> args{};
      tiles.Point(t, args);
      args.y_stride = w.outputs;
      for (int64_t b = begin; b < end; ++b) {
        args.width = std::min(kBlock, w.outputs - b * kBlock);
        const auto start =
            BiasOf(bias == nullptr ? nullptr : bias + b * kBlock, args.width);
        args.bias = start.data();
        args.weights = w.blocks + b * kBlock * w.inputs;
        args.y = y + tiles.FirstRowOf(t) * w.outputs + b * kBlock;
        Set::Multiply(tiles.RowsOf(t), args);
      }
    }
  }
}

// MultiplyLoops::multiply of a set.
template <typename Set>
void TiledMultiply(const PackedWeights& w, const BFloat16* x, int64_t rows,
                   const BFloat16* bias, BFloat16* y) {
  for (int64_t r = 0; r < rows; r += kChunkRows) {
    MultiplyChunk<Set>(w, x + r * w.inputs, std::min(kChunkRows, rows - r),
                       bias, y + r * w.outputs);
  }
}

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_TILED_MULTIPLY_H_
