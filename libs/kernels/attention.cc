#include "libs/kernels/attention.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "libs/kernels/attention_tile.h"
#include "libs/kernels/loops.h"
#include "libs/kernels/openmp.h"

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
        const int64_t at = begin + token_ * span->token_stride;
        tile.key_rows[tile.length] = span->keys + at;
        tile.value_rows[tile.length] = span->values + at;
      }
    }
  }

  // Passes the next `count` tokens by.
  void Skip(int64_t count) {
    while (count > 0) {
      const KeyValueSpan* span = Span();
      if (span == nullptr) return;
      const int64_t passed = std::min(count, span->length - token_);
      token_ += passed;
      count -= passed;
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

// Query tiles that meet a tile of tokens one after another, so that its layout
// is made once for all of them.
constexpr int64_t kMostTiles = 8;

// What one thread works with.
struct Scratch {
  TokenTile tokens;
  QueryTile queries[kMostTiles];
};

// Queries of one key head: rows [begin, end), at most eight tiles, in the order
// branch, new token, query head of the group.
class QueryBlock {
 public:
  QueryBlock(const AttentionProblem& problem, int64_t kv_head, int64_t begin,
             int64_t end, const AttentionLoops& loops, Scratch& scratch)
      : p_(problem),
        loops_(loops),
        kv_head_(kv_head),
        group_(problem.heads / problem.kv_heads),
        begin_(begin),
        end_(end),
        tokens_(scratch.tokens),
        queries_(scratch.queries) {
    for (const KeyValueSpan& span : p_.shared) shared_length_ += span.length;
  }

  void Run() {
    TakeQueries();
    const int64_t whole = shared_length_ / kTileTokens * kTileTokens;
    LookAtShared(p_.own.length == 0 ? shared_length_ : whole);
    if (p_.own.length > 0) LookAtOwn(whole);
    for (int64_t r = begin_; r < end_; ++r)
      TileOf(r).Finish(RowOf(r), p_.head_dim, p_.result + PlaceOf(r));
  }

 private:
  QueryTile& TileOf(int64_t r) { return queries_[(r - begin_) / kTileQueries]; }
  int64_t RowOf(int64_t r) const { return (r - begin_) % kTileQueries; }

  void TakeQueries() {
    for (int64_t r = begin_; r < end_; r += kTileQueries) {
      TileOf(r).rows = std::min(kTileQueries, end_ - r);
      TileOf(r).Clear(p_.head_dim);
    }
    const size_t bytes = static_cast<size_t>(p_.head_dim) * sizeof(BFloat16);
    for (int64_t r = begin_; r < end_; ++r)
      std::memcpy(TileOf(r).queries + RowOf(r) * p_.head_dim,
                  p_.queries + PlaceOf(r), bytes);
  }

  // Where row r's query and result begin.
  int64_t PlaceOf(int64_t r) const {
    const int64_t token = r / group_;
    return (token * p_.heads + kv_head_ * group_ + r % group_) * p_.head_dim;
  }

  // Rows [begin, end) look at the tile in `tokens_`, of which row r sees what
  // visible_ says.
  void Look(int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end;) {
      const int64_t count = std::min(kTileQueries - RowOf(r), end - r);
      TileOf(r).Look(tokens_, RowOf(r), RowOf(r) + count,
                     visible_ + (r - begin_) / kTileQueries * kTileQueries,
                     p_.head_dim, loops_);
      r += count;
    }
  }

  // Tiles that hold shared tokens only: all rows at once.
  void LookAtShared(int64_t length) {
    std::fill_n(visible_, end_ - begin_, kTileTokens);
    TokenWalk walk(p_, kv_head_, 0);
    for (int64_t t = 0; t < length; t += kTileTokens) {
      walk.Fill(tokens_, std::min(kTileTokens, length - t));
      loops_.load(tokens_, p_.head_dim);
      Look(begin_, end_);
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
    walk.Skip(from);
    // The last row sees most.
    const int64_t seen = SeenBy(end - 1);
    for (int64_t t = from; t < seen; t += kTileTokens) {
      walk.Fill(tokens_, std::min(kTileTokens, seen - t));
      loops_.load(tokens_, p_.head_dim);
      for (int64_t r = begin; r < end; ++r)
        visible_[r - begin_] = SeenBy(r) - t;
      Look(begin, end);
    }
  }

  const AttentionProblem& p_;
  const AttentionLoops& loops_;
  const int64_t kv_head_;
  const int64_t group_;
  const int64_t begin_;
  const int64_t end_;
  int64_t shared_length_ = 0;
  int64_t visible_[kMostTiles * kTileQueries];
  TokenTile& tokens_;
  QueryTile* const queries_;
};

// Rows of a block: many where that leaves work enough for every thread.
int64_t RowsOfBlock(int64_t rows, int64_t kv_heads) {
  constexpr int64_t kMost = kMostTiles * kTileQueries;
  const int64_t tasks = 4 * omp_get_max_threads();
  return rows / kMost * kv_heads >= tasks ? kMost : kTileQueries;
}

}  // namespace

bool CanAttend(int64_t head_dim) {
  return head_dim % 16 == 0 && head_dim <= kMaxHeadDim;
}

void Attend(const AttentionProblem& problem, InstructionSet set) {
  const AttentionLoops& loops = LoopsOf(set).attention;
  const int64_t rows =
      problem.branches * problem.count * (problem.heads / problem.kv_heads);
  const int64_t size = RowsOfBlock(rows, problem.kv_heads);
  const int64_t blocks = (rows + size - 1) / size;
#pragma omp parallel
  {
    const auto scratch = std::make_unique<Scratch>();
#pragma omp for schedule(dynamic)
    for (int64_t task = 0; task < blocks * problem.kv_heads; ++task) {
      const int64_t begin = task / problem.kv_heads * size;
      QueryBlock(problem, task % problem.kv_heads, begin,
                 std::min(rows, begin + size), loops, *scratch)
          .Run();
    }
  }
}

}  // namespace stagebeam::kernels
