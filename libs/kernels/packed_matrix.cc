#include "libs/kernels/packed_matrix.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "libs/kernels/avx512.h"
#include "libs/kernels/openmp.h"

namespace stagebeam::kernels {
namespace {

// Outputs of a block: two registers of 16 sums for each row of x.
constexpr int64_t kBlock = 32;
// Rows of a tile: 2 * 12 sums, two weights and one input fill the 32 registers.
constexpr int64_t kTileRows = 12;
// Bytes of weights that stay in a core's second-level cache while all tiles of
// x pass.
constexpr int64_t kCacheBytes = int64_t{512} << 10;
// Rows of x that pass at a time: their tiles stay in the shared cache.
constexpr int64_t kChunkRows = 384;
// How far ahead of its use memory is asked for.
constexpr int64_t kPrefetch = 4096;

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// One tile of x against one block of weights.
struct TileArgs {
  // Pair i of row r at x[i * pair_stride + r * row_stride].
  const BFloat16* x;
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

template <int kRows>
STAGEBEAM_AVX512 void MultiplyTile(const TileArgs& a) {
  __m512 sums[kRows][2];
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    sums[r][0] = _mm512_loadu_ps(a.bias);
    sums[r][1] = _mm512_loadu_ps(a.bias + 16);
  }
  const BFloat16* w = a.weights;
  const BFloat16* x = a.x;
  for (int64_t i = 0; i < a.pairs; ++i, w += 2 * kBlock, x += a.pair_stride) {
    _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetch, _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetch + 64,
                 _MM_HINT_T0);
    const auto low = (__m512bh)_mm512_loadu_si512(w);
    const auto high = (__m512bh)_mm512_loadu_si512(w + kBlock);
    STAGEBEAM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      std::memcpy(&pair, x + r * a.row_stride, sizeof(pair));
      const auto input = (__m512bh)_mm512_set1_epi32(pair);
      sums[r][0] = _mm512_dpbf16_ps(sums[r][0], low, input);
      sums[r][1] = _mm512_dpbf16_ps(sums[r][1], high, input);
    }
  }
  const auto mask = static_cast<__mmask32>((uint64_t{1} << a.width) - 1);
  STAGEBEAM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const auto rounded = (__m512i)_mm512_cvtne2ps_pbh(sums[r][1], sums[r][0]);
    _mm512_mask_storeu_epi16(a.y + r * a.y_stride, mask, rounded);
  }
}

using TileFunction = void (*)(const TileArgs&);
constexpr std::array<TileFunction, kTileRows + 1> kTiles = {
    nullptr,         MultiplyTile<1>, MultiplyTile<2>,  MultiplyTile<3>,
    MultiplyTile<4>, MultiplyTile<5>, MultiplyTile<6>,  MultiplyTile<7>,
    MultiplyTile<8>, MultiplyTile<9>, MultiplyTile<10>, MultiplyTile<11>,
    MultiplyTile<12>};

// x [rows, inputs] with the pairs of a tile's rows side by side: tile by tile
// [inputs / 2, rows of the tile, 2]. A tile's rows would otherwise fall into
// the same few lines of the first-level cache where inputs is a power of two.
struct Tiles {
  Tiles(const BFloat16* x, int64_t row_count, int64_t input_count)
      : source(x),
        inputs(input_count),
        rows(row_count),
        count(CeilDiv(row_count, kTileRows)),
        size(CeilDiv(row_count, count)) {
    if (count == 1) return;
    packed.resize(static_cast<size_t>(rows * inputs));
#pragma omp parallel for schedule(static)
    for (int64_t t = 0; t < count; ++t) PackTile(t);
  }

  int64_t RowsOf(int64_t t) const { return std::min(size, rows - t * size); }

  void PackTile(int64_t t) {
    const int64_t n = RowsOf(t);
    for (int64_t r = 0; r < n; ++r) {
      const BFloat16* from = source + (t * size + r) * inputs;
      BFloat16* to = packed.data() + t * size * inputs + 2 * r;
      for (int64_t i = 0; i < inputs; i += 2, to += 2 * n)
        std::memcpy(to, from + i, 2 * sizeof(BFloat16));
    }
  }

  void Point(int64_t t, TileArgs& args) const {
    args.x = count == 1 ? source : packed.data() + t * size * inputs;
    args.pair_stride = count == 1 ? 2 : 2 * RowsOf(t);
    args.row_stride = count == 1 ? inputs : 2;
    args.pairs = inputs / 2;
  }

  const BFloat16* source;
  int64_t inputs, rows, count, size;
  std::vector<BFloat16> packed;
};

// Blocks that one thread takes at a time: what its cache holds, and the same
// number of groups for every thread.
int64_t GroupOf(int64_t blocks, int64_t inputs) {
  const int64_t bytes =
      kBlock * inputs * static_cast<int64_t>(sizeof(BFloat16));
  const int64_t fit = std::max<int64_t>(1, kCacheBytes / bytes);
  const int64_t threads = omp_get_max_threads();
  const int64_t rounds = CeilDiv(CeilDiv(blocks, threads), fit);
  return CeilDiv(blocks, rounds * threads);
}

void PackBlock(const BFloat16* weight, int64_t outputs, int64_t inputs,
               BFloat16* to) {
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < inputs; i += 2)
      std::memcpy(to + i * kBlock + 2 * o, weight + o * inputs + i,
                  2 * sizeof(BFloat16));
  }
}

}  // namespace

std::shared_ptr<const PackedMatrix> PackedMatrix::Pack(const BFloat16* weight,
                                                       int64_t outputs,
                                                       int64_t inputs,
                                                       HugePages& pages) {
  const int64_t blocks = CeilDiv(outputs, kBlock);
  Memory memory = pages.Allocate(static_cast<size_t>(blocks * kBlock * inputs) *
                                 sizeof(BFloat16));
  if (memory == nullptr) return nullptr;
  auto* const packed = reinterpret_cast<BFloat16*>(memory.get());
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < blocks; ++b) {
    PackBlock(weight + b * kBlock * inputs,
              std::min(kBlock, outputs - b * kBlock), inputs,
              packed + b * kBlock * inputs);
  }
  return std::shared_ptr<const PackedMatrix>(
      new PackedMatrix(std::move(memory), outputs, inputs));
}

const BFloat16* PackedMatrix::BlockOf(int64_t block) const {
  return reinterpret_cast<const BFloat16*>(memory_.get()) +
         block * kBlock * inputs_;
}

void PackedMatrix::Multiply(const BFloat16* x, int64_t rows,
                            const BFloat16* bias, BFloat16* y) const {
  for (int64_t r = 0; r < rows; r += kChunkRows) {
    MultiplyChunk(x + r * inputs_, std::min(kChunkRows, rows - r), bias,
                  y + r * outputs_);
  }
}

void PackedMatrix::MultiplyChunk(const BFloat16* x, int64_t rows,
                                 const BFloat16* bias, BFloat16* y) const {
  const Tiles tiles(x, rows, inputs_);
  const int64_t blocks = CeilDiv(outputs_, kBlock);
  const int64_t group = GroupOf(blocks, inputs_);
#pragma omp parallel for schedule(static)
  for (int64_t begin = 0; begin < blocks; begin += group) {
    const int64_t end = std::min(blocks, begin + group);
    for (int64_t t = 0; t < tiles.count; ++t) {
      TileArgs args{};
      tiles.Point(t, args);
      args.y_stride = outputs_;
      for (int64_t b = begin; b < end; ++b) {
        std::array<float, kBlock> start{};
        args.width = std::min(kBlock, outputs_ - b * kBlock);
        for (int64_t o = 0; bias != nullptr && o < args.width; ++o)
          start[static_cast<size_t>(o)] = ToFloat(bias[b * kBlock + o]);
        args.bias = start.data();
        args.weights = BlockOf(b);
        args.y = y + t * tiles.size * outputs_ + b * kBlock;
        kTiles[static_cast<size_t>(tiles.RowsOf(t))](args);
      }
    }
  }
}

}  // namespace stagebeam::kernels
