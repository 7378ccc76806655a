#include "libs/engine/attention.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "libs/engine/kernel_tensors.h"
#include "libs/kernels/attention.h"

namespace stagebeam::engine {
namespace {

// Scores held at a time; more rows than fit are taken in blocks.
constexpr int64_t kMaxScores = int64_t{16} << 20;

// The sizes of one block of new tokens of every branch. Queries are folded to
// [kv_heads, branches, count * group, head_dim]: query heads that use one key
// head are rows of one product.
struct Block {
  int64_t branches, count, kv_heads, group, head_dim;
  int64_t shared_length;
  // Own tokens that the block's last token sees.
  int64_t own_length;

  int64_t rows() const { return branches * count * group; }
  int64_t length() const { return shared_length + own_length; }
};

at::Tensor Fold(const at::Tensor& queries, const Block& b) {
  return queries.reshape({b.branches, b.count, b.kv_heads, b.group, b.head_dim})
      .permute({2, 0, 1, 3, 4})
      .reshape({b.kv_heads, b.rows(), b.head_dim});
}

// The same rows, branch by branch: [branches * kv_heads, count * group, width]
// from [kv_heads, rows, width].
at::Tensor ByBranch(const at::Tensor& folded, const Block& b) {
  const int64_t width = folded.size(-1);
  return folded.reshape({b.kv_heads, b.branches, b.count * b.group, width})
      .transpose(0, 1)
      .reshape({b.branches * b.kv_heads, b.count * b.group, width});
}

// Back from ByBranch.
at::Tensor ByHead(const at::Tensor& rows, const Block& b) {
  const int64_t width = rows.size(-1);
  return rows.reshape({b.branches, b.kv_heads, b.count * b.group, width})
      .transpose(0, 1)
      .reshape({b.kv_heads, b.rows(), width});
}

// The first `own_length` tokens of every branch, in place.
at::Tensor OwnRows(const at::Tensor& cache, const Block& b) {
  return cache.narrow(2, 0, b.own_length).flatten(0, 1);
}

// New token i of the block must not see the block's later ones.
void MaskLaterTokens(at::Tensor& scores, const Block& b) {
  if (b.count == 1) return;
  const at::Tensor later =
      at::ones({b.count, b.count}, scores.options().dtype(at::kBool)).triu_(1);
  scores.narrow(2, b.length() - b.count, b.count)
      .view({b.kv_heads, b.branches, b.count, b.group, b.count})
      .masked_fill_(later.view({b.count, 1, b.count}),
                    -std::numeric_limits<float>::infinity());
}

// fp32 [kv_heads, rows, length]: shared parts first, then the own one.
at::Tensor Scores(const at::Tensor& queries,
                  std::span<const SharedKeyValues> shared,
                  const OwnKeyValues& own, const Block& b) {
  at::Tensor scores = at::empty({b.kv_heads, b.rows(), b.length()},
                                queries.options().dtype(at::kFloat));
  int64_t begin = 0;
  for (const SharedKeyValues& part : shared) {
    const int64_t length = part.keys->size(1);
    scores.narrow(2, begin, length)
        .copy_(at::bmm(queries, part.keys->transpose(1, 2)));
    begin += length;
  }
  if (own.keys != nullptr) {
    const at::Tensor keys = OwnRows(*own.keys, b).transpose(1, 2);
    scores.narrow(2, begin, b.own_length)
        .copy_(ByHead(at::bmm(ByBranch(queries, b), keys), b));
    MaskLaterTokens(scores, b);
  }
  return scores.mul_(1 / std::sqrt(static_cast<double>(b.head_dim)));
}

// [kv_heads, rows, head_dim] in fp32: parts are summed before they are rounded.
at::Tensor WeightedValues(const at::Tensor& weights,
                          std::span<const SharedKeyValues> shared,
                          const OwnKeyValues& own, const Block& b) {
  at::Tensor sum = at::zeros({b.kv_heads, b.rows(), b.head_dim},
                             weights.options().dtype(at::kFloat));
  int64_t begin = 0;
  for (const SharedKeyValues& part : shared) {
    const int64_t length = part.values->size(1);
    sum.add_(at::bmm(weights.narrow(2, begin, length), *part.values));
    begin += length;
  }
  if (own.values != nullptr) {
    const at::Tensor own_weights =
        ByBranch(weights.narrow(2, begin, b.own_length), b);
    sum.add_(ByHead(at::bmm(own_weights, OwnRows(*own.values, b)), b));
  }
  return sum;
}

// [branches, count, heads * head_dim].
at::Tensor AttendBlock(const at::Tensor& queries,
                       std::span<const SharedKeyValues> shared,
                       const OwnKeyValues& own, const Block& b) {
  const at::Tensor scores = Scores(Fold(queries, b), shared, own, b);
  const at::Tensor weights =
      at::_softmax(scores, -1, false).to(queries.scalar_type());
  return WeightedValues(weights, shared, own, b)
      .to(queries.scalar_type())
      .view({b.kv_heads, b.branches, b.count, b.group, b.head_dim})
      .permute({1, 2, 0, 3, 4})
      .reshape({b.branches, b.count, b.kv_heads * b.group * b.head_dim});
}

int64_t SharedLength(std::span<const SharedKeyValues> shared) {
  int64_t length = 0;
  for (const SharedKeyValues& part : shared) length += part.keys->size(1);
  return length;
}

// Block after block, so that scores stay in bounds.
void AttendInBlocks(const at::Tensor& queries,
                    std::span<const SharedKeyValues> shared,
                    const OwnKeyValues& own, int64_t kv_heads,
                    const at::Tensor& result) {
  const int64_t branches = queries.size(0), count = queries.size(1),
                heads = queries.size(2);
  const int64_t shared_length = SharedLength(shared);
  const bool has_own = own.keys != nullptr;
  const int64_t longest =
      shared_length + (has_own ? own.length_before + count : 0);
  const int64_t step =
      std::clamp<int64_t>(kMaxScores / (branches * heads * longest), 1, count);
  const at::Tensor rows = result.view({branches, count, -1});
  for (int64_t begin = 0; begin < count; begin += step) {
    const int64_t size = std::min(step, count - begin);
    const Block block{branches,
                      size,
                      kv_heads,
                      heads / kv_heads,
                      queries.size(3),
                      shared_length,
                      has_own ? own.length_before + begin + size : 0};
    rows.narrow(1, begin, size)
        .copy_(AttendBlock(queries.narrow(1, begin, size), shared, own, block));
  }
}

// Keys and values [.., kv_heads, tokens, head_dim], both with the same strides,
// of which the first `length` tokens count.
kernels::KeyValueSpan SpanOf(const at::Tensor& keys, const at::Tensor& values,
                             int64_t length) {
  return {Numbers(keys), Numbers(values), keys.stride(-3), keys.stride(-2),
          length};
}

void AttendByKernel(const at::Tensor& queries,
                    std::span<const SharedKeyValues> shared,
                    const OwnKeyValues& own, int64_t kv_heads,
                    at::Tensor& result) {
  std::vector<kernels::KeyValueSpan> spans;
  for (const SharedKeyValues& part : shared)
    spans.push_back(SpanOf(*part.keys, *part.values, part.keys->size(1)));
  kernels::AttentionProblem problem;
  problem.branches = queries.size(0);
  problem.count = queries.size(1);
  problem.heads = queries.size(2);
  problem.kv_heads = kv_heads;
  problem.head_dim = queries.size(3);
  problem.queries = Numbers(queries);
  problem.shared = spans;
  if (own.keys != nullptr) {
    problem.own =
        SpanOf(*own.keys, *own.values, own.length_before + problem.count);
    problem.own_branch_stride = own.keys->stride(0);
  }
  problem.result = MutableNumbers(result);
  kernels::Attend(problem);
}

}  // namespace

void Attend(const at::Tensor& queries, std::span<const SharedKeyValues> shared,
            const OwnKeyValues& own, int64_t kv_heads, at::Tensor result) {
  if (FitsKernels(queries) && queries.is_contiguous() &&
      kernels::CanAttend(queries.size(3))) {
    AttendByKernel(queries, shared, own, kv_heads, result);
  } else {
    AttendInBlocks(queries, shared, own, kv_heads, result);
  }
}

}  // namespace stagebeam::engine
