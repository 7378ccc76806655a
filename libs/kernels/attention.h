#ifndef STAGEBEAM_LIBS_KERNELS_ATTENTION_H_
#define STAGEBEAM_LIBS_KERNELS_ATTENTION_H_

#include <cstdint>
#include <span>

#include "libs/kernels/bfloat16.h"
#include "libs/kernels/instruction_set.h"

namespace stagebeam::kernels {

// Keys and values of some tokens: key head h of token t begins at
// keys[h * head_stride + t * token_stride], and so for values.
struct KeyValueSpan {
  const BFloat16* keys = nullptr;
  const BFloat16* values = nullptr;
  int64_t head_stride = 0;
  int64_t token_stride = 0;
  int64_t length = 0;
};

// Attention of several sequences ("branches") that append `count` tokens each.
struct AttentionProblem {
  int64_t branches = 0;
  int64_t count = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  // A multiple of 16, at most 256.
  int64_t head_dim = 0;
  // [branches, count, heads, head_dim].
  const BFloat16* queries = nullptr;
  // Tokens in front, which all branches see whole.
  std::span<const KeyValueSpan> shared;
  // Tokens of the first branch, the new ones included: new token i sees all but
  // the last count - 1 - i of them. Branch b's lie b * own_branch_stride
  // further. Of length 0 where there are none, as in cross-attention.
  KeyValueSpan own;
  int64_t own_branch_stride = 0;
  // [branches, count, heads, head_dim].
  BFloat16* result = nullptr;
};

// True where `Attend` takes heads of this size.
bool CanAttend(int64_t head_dim);

// softmax(q k^T / sqrt(head_dim)) v, query head i with key head
// i * kv_heads / heads. One pass over keys and values with a running maximum
// and sum (Milakov and Gimelshein, arXiv:1805.02867; tiled as in
// FlashAttention, arXiv:2205.14135); the queries of all branches meet a tile of
// shared keys together (Hydragen, arXiv:2402.05099). Scores, maximum, sum and
// result are fp32, weights are rounded to bfloat16 in front of the values.
//
// Tiles are cut by a token's position, not by the span that holds it, and each
// query's arithmetic is its own: the result is the same to the bit however the
// tokens in front are cut into spans and whoever else is in the batch.
void Attend(const AttentionProblem& problem,
            InstructionSet set = BestInstructionSet());

}  // namespace stagebeam::kernels

#endif  // STAGEBEAM_LIBS_KERNELS_ATTENTION_H_
