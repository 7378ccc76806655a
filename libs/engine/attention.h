#ifndef STAGEBEAM_LIBS_ENGINE_ATTENTION_H_
#define STAGEBEAM_LIBS_ENGINE_ATTENTION_H_

#include <cstdint>
#include <span>

namespace at {
class Tensor;
}

namespace stagebeam::engine {

// Keys and values of one layer that every query sees whole:
// [kv_heads, length, head_dim] each.
struct SharedKeyValues {
  const at::Tensor* keys = nullptr;
  const at::Tensor* values = nullptr;
};

// Keys and values of one layer that belong to a branch each:
// [branches, kv_heads, capacity, head_dim]. `length_before` tokens of each
// branch were there before this step's `count` new ones, which follow them;
// new token i sees those and the new ones up to itself.
struct OwnKeyValues {
  const at::Tensor* keys = nullptr;
  const at::Tensor* values = nullptr;
  int64_t length_before = 0;
};

// softmax(q k^T / sqrt(head_dim)) v over the shared parts and, where `own.keys`
// is not null, the branch's own part, as one softmax in fp32. Nothing is
// concatenated: scores of all parts go side by side into one buffer, and the
// queries of all branches meet a shared part as one product. Query head i uses
// key head i * kv_heads / heads.
//
// queries: [branches, count, heads, head_dim]; result, written: [branches *
// count, heads * head_dim], contiguous.
void Attend(const at::Tensor& queries, std::span<const SharedKeyValues> shared,
            const OwnKeyValues& own, int64_t kv_heads, at::Tensor result);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_ATTENTION_H_
