#include "libs/kernels/attention.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "libs/kernels/attention_tile.h"

namespace stagebeam::kernels {
namespace {

// Walks over the tokens that one branch sees through one key head.
class TokenWalk {
 public:
  TokenWalk(const AttentionProblem& problem, int64_t kv_head, int64_t branch)
      : problem_(problem), kv_head_(kv_head), branch_(branch) {}

  // The next tokens up to `most`; fewer at the end.
  void Fill(TokenTile& tile, int64_t most) {
    tile.length = 0;
    while (tile.length < most) {
      const KeyValueSpan* span = Span();
      if (span == nullptr) return;
      const bool is_own = span == &problem_.own;
      const int64_t begin = kv_head_ * span->head_stride +
                            (is_own ? branch_ * problem_.own_branch_stride : 0);
      const int64_t end = std::min(span->length, token_ + most - tile.length);
      for (; token_ < end; ++token_, ++tile.length) {
        const int64_t at = begin + token_ * problem_.head_dim;
        tile.key_rows[tile.length] = span->keys + at;
        tile.value_rows[tile.length] = span->values + at;
      }
    }
  }

 private:
  // The span that holds the next token; null at the end.
  const KeyValueSpan* Span() {
    for (; index_ < problem_.shared.size(); ++index_, token_ = 0) {
      if (token_ < problem_.shared[index_].length)
        return &problem_.shared[index_];
    }
    return token_ < problem_.own.length ? &problem_.own : nullptr;
  }

  const AttentionProblem& problem_;
  const int64_t kv_head_;
  const int64_t branch_;
  size_t index_ = 0;
  int64_t token_ = 0;
};

// What one thread works with.
struct Scratch {
  TokenTile tokens;
  QueryTile queries;
};

// Up to 16 queries of one key head: rows [begin, end) in the order branch, new
// token, query head of the group.
class QueryBlock {
 public:
  QueryBlock(const AttentionProblem& problem, int64_t kv_head, int64_t begin,
             Scratch& scratch)
      : p_(problem),
        kv_head_(kv_head),
        group_(problem.heads / problem.kv_heads),
        begin_(begin),
        end_(std::min(begin + kTileQueries,
                      problem.branches * problem.count * group_)),
        tokens_(scratch.tokens),
        queries_(scratch.queries) {
    for (const KeyValueSpan& span : p_.shared) shared_length_ += span.length;
  }

  void Run() {
    queries_.rows = end_ - begin_;
    queries_.Clear(p_.head_dim);
    for (int64_t r = begin_; r < end_; ++r)
      std::memcpy(queries_.queries + (r - begin_) * p_.head_dim,
                  p_.queries + PlaceOf(r), Bytes());
    const int64_t whole = shared_length_ / kTileTokens * kTileTokens;
    LookAtShared(p_.own.length == 0 ? shared_length_ : whole);
    if (p_.own.length > 0) LookAtOwn(whole);
    for (int64_t r = begin_; r < end_; ++r)
      queries_.Finish(r - begin_, p_.head_dim, p_.result + PlaceOf(r));
  }

 private:
  size_t Bytes() const {
    return static_cast<size_t>(p_.head_dim) * sizeof(BFloat16);
  }

  // Where row r's query and result begin.
  int64_t PlaceOf(int64_t r) const {
    const int64_t token = r / group_;
    return (token * p_.heads + kv_head_ * group_ + r % group_) * p_.head_dim;
  }

  // Tiles that hold shared tokens only: all rows at once.
  void LookAtShared(int64_t length) {
    std::fill_n(visible_, end_ - begin_, kTileTokens);
    TokenWalk walk(p_, kv_head_, 0);
    for (int64_t t = 0; t < length; t += kTileTokens) {
      walk.Fill(tokens_, std::min(kTileTokens, length - t));
      tokens_.Load(p_.head_dim);
      queries_.Look(tokens_, 0, end_ - begin_, visible_, p_.head_dim);
    }
  }

  // The rest, branch by branch.
  void LookAtOwn(int64_t from) {
    const int64_t branch_rows = p_.count * group_;
    for (int64_t r = begin_; r < end_;) {
      const int64_t branch = r / branch_rows;
      const int64_t end = std::min(end_, (branch + 1) * branch_rows);
      LookAtBranch(branch, r, end, from);
      r = end;
    }
  }

  // Tokens that row r sees, the shared ones included.
  int64_t SeenBy(int64_t r) const {
    const int64_t later = p_.count - 1 - r / group_ % p_.count;
    return shared_length_ + p_.own.length - later;
  }

  void LookAtBranch(int64_t branch, int64_t begin, int64_t end, int64_t from) {
    TokenWalk walk(p_, kv_head_, branch);
    for (int64_t t = 0; t < from; t += kTileTokens)
      walk.Fill(tokens_, kTileTokens);
    // The last row sees most.
    const int64_t seen = SeenBy(end - 1);
    for (int64_t t = from; t < seen; t += kTileTokens) {
      walk.Fill(tokens_, std::min(kTileTokens, seen - t));
      tokens_.Load(p_.head_dim);
      for (int64_t r = begin; r < end; ++r)
        visible_[r - begin_] = SeenBy(r) - t;
      queries_.Look(tokens_, begin - begin_, end - begin_, visible_,
                    p_.head_dim);
    }
  }

  const AttentionProblem& p_;
  const int64_t kv_head_;
  const int64_t group_;
  const int64_t begin_;
  const int64_t end_;
  int64_t shared_length_ = 0;
  int64_t visible_[kTileQueries];
  TokenTile& tokens_;
  QueryTile& queries_;
};

}  // namespace

bool CanAttend(int64_t head_dim) {
  return head_dim % 32 == 0 && head_dim <= kMaxHeadDim;
}

void Attend(const AttentionProblem& problem) {
  const int64_t rows =
      problem.branches * problem.count * (problem.heads / problem.kv_heads);
  const int64_t blocks = (rows + kTileQueries - 1) / kTileQueries;
#pragma omp parallel
  {
    const auto scratch = std::make_unique<Scratch>();
#pragma omp for schedule(dynamic)
    for (int64_t task = 0; task < blocks * problem.kv_heads; ++task) {
      QueryBlock(problem, task % problem.kv_heads,
                 task / problem.kv_heads * kTileQueries, *scratch)
          .Run();
    }
  }
}

}  // namespace stagebeam::kernels
