#include "libs/kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tests/kernels/numbers.h"

namespace stagebeam::kernels {
namespace {

struct Shape {
  int64_t branches, heads, kv_heads, head_dim;
  // Of each branch: `shared` that all have in common, then its own, the last
  // `count` of which ask.
  int64_t tokens, shared, count;
};

// Which part of a world a call computes.
struct Part {
  int64_t first_branch, branches;
  int64_t first_query, count;
};

// Keys, values and queries of a few branches.
class World {
 public:
  World(const Shape& shape, InstructionSet set)
      : s_(shape),
        set_(set),
        keys_(RandomNumbers(s_.branches * BranchSize(), 1)),
        values_(RandomNumbers(s_.branches * BranchSize(), 2)),
        queries_(
            RandomNumbers(s_.branches * s_.count * s_.heads * s_.head_dim, 3)) {
    ShareFront(keys_);
    ShareFront(values_);
  }

  Part Whole() const { return {0, s_.branches, 0, s_.count}; }

  // The part's results [branches, count, heads, head_dim], where tokens in
  // front are spans of the given lengths and the rest is the branches' own.
  std::vector<BFloat16> Result(const Part& part,
                               const std::vector<int64_t>& cuts) const {
    const int64_t seen = s_.tokens - s_.count + part.first_query + part.count;
    std::vector<KeyValueSpan> spans;
    int64_t front = 0;
    for (const int64_t length : cuts) {
      spans.push_back(SpanOf(part.first_branch, front, length));
      front += length;
    }
    const std::vector<BFloat16> queries = QueriesOf(part);
    std::vector<BFloat16> result(queries.size());
    AttentionProblem problem;
    problem.branches = part.branches;
    problem.count = part.count;
    problem.heads = s_.heads;
    problem.kv_heads = s_.kv_heads;
    problem.head_dim = s_.head_dim;
    problem.queries = queries.data();
    problem.shared = spans;
    if (front < seen) {
      problem.own = SpanOf(part.first_branch, front, seen - front);
      problem.own_branch_stride = BranchSize();
    }
    problem.result = result.data();
    Attend(problem, set_);
    return result;
  }

  // The same numbers out of a result for all branches and queries.
  std::vector<BFloat16> PartOf(const std::vector<BFloat16>& whole,
                               const Part& part) const {
    std::vector<BFloat16> rows;
    for (int64_t b = 0; b < part.branches; ++b) {
      const auto first =
          whole.begin() +
          ((part.first_branch + b) * s_.count + part.first_query) * RowSize();
      rows.insert(rows.end(), first, first + part.count * RowSize());
    }
    return rows;
  }

  // Holds a whole result to softmax in double precision. Where `is_causal`,
  // query i sees all but the last count - 1 - i tokens.
  void ExpectRight(const std::vector<BFloat16>& result, bool is_causal) const {
    for (int64_t row = 0; row < s_.branches * s_.count * s_.heads; ++row) {
      const int64_t query = row / s_.heads;
      const int64_t later = is_causal ? s_.count - 1 - query % s_.count : 0;
      ExpectRowRight(result, row, query / s_.count, s_.tokens - later);
    }
  }

 private:
  int64_t HeadSize() const { return s_.tokens * s_.head_dim; }
  int64_t BranchSize() const { return s_.kv_heads * HeadSize(); }
  int64_t RowSize() const { return s_.heads * s_.head_dim; }

  void ShareFront(std::vector<BFloat16>& numbers) const {
    for (int64_t i = 0; i < s_.branches * s_.kv_heads; ++i) {
      const auto from = numbers.begin() + i % s_.kv_heads * HeadSize();
      std::copy_n(from, s_.shared * s_.head_dim,
                  numbers.begin() + i * HeadSize());
    }
  }

  KeyValueSpan SpanOf(int64_t branch, int64_t begin, int64_t length) const {
    const int64_t at = branch * BranchSize() + begin * s_.head_dim;
    return {keys_.data() + at, values_.data() + at, HeadSize(), s_.head_dim,
            length};
  }

  std::vector<BFloat16> QueriesOf(const Part& part) const {
    return PartOf(queries_, part);
  }

  void ExpectRowRight(const std::vector<BFloat16>& result, int64_t row,
                      int64_t branch, int64_t seen) const {
    const int64_t kv_head = row % s_.heads * s_.kv_heads / s_.heads;
    const KeyValueSpan span = SpanOf(branch, 0, seen);
    const BFloat16* const keys = span.keys + kv_head * HeadSize();
    const BFloat16* const values = span.values + kv_head * HeadSize();
    const BFloat16* const query = queries_.data() + row * s_.head_dim;
    std::vector<double> weights;
    for (int64_t t = 0; t < seen; ++t) {
      double score = 0;
      for (int64_t d = 0; d < s_.head_dim; ++d)
        score += double{ToFloat(query[d])} * ToFloat(keys[t * s_.head_dim + d]);
      weights.push_back(
          std::exp(score / std::sqrt(static_cast<double>(s_.head_dim))));
    }
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (int64_t d = 0; d < s_.head_dim; ++d) {
      double want = 0, magnitude = 0;
      for (int64_t t = 0; t < seen; ++t) {
        const double term = weights[static_cast<size_t>(t)] / sum *
                            ToFloat(values[t * s_.head_dim + d]);
        want += term;
        magnitude += std::abs(term);
      }
      // Weights are rounded once, and the result.
      EXPECT_NEAR(ToFloat(result[static_cast<size_t>(row * s_.head_dim + d)]),
                  want, kRounding * (magnitude + std::abs(want)))
          << "row " << row << ", number " << d;
    }
  }

  const Shape s_;
  const InstructionSet set_;
  std::vector<BFloat16> keys_, values_;
  const std::vector<BFloat16> queries_;
};

class AttentionTest : public KernelTest {};

TEST_P(AttentionTest, DecodeStepsEqualSoftmax) {
  for (const int64_t head_dim : {16, 32, 64, 80, 128}) {
    const World world({.branches = 5,
                       .heads = 6,
                       .kv_heads = 2,
                       .head_dim = head_dim,
                       .tokens = 150,
                       .shared = 139,
                       .count = 1},
                      GetParam());
    world.ExpectRight(world.Result(world.Whole(), {70, 5, 64}), true);
  }
}

TEST_P(AttentionTest, PrefillsAreCausal) {
  for (const int64_t head_dim : {16, 32, 64, 80, 128}) {
    for (const int64_t count : {2, 63, 90}) {
      const World world({.branches = 2,
                         .heads = 4,
                         .kv_heads = 4,
                         .head_dim = head_dim,
                         .tokens = 100,
                         .shared = 10,
                         .count = count},
                        GetParam());
      world.ExpectRight(world.Result(world.Whole(), {3, 7}), true);
    }
  }
}

TEST_P(AttentionTest, WithoutTokensInFrontOnlyTheOwnCount) {
  const World world({.branches = 3,
                     .heads = 2,
                     .kv_heads = 1,
                     .head_dim = 64,
                     .tokens = 9,
                     .shared = 0,
                     .count = 9},
                    GetParam());
  world.ExpectRight(world.Result(world.Whole(), {}), true);
}

TEST_P(AttentionTest, WithoutTokensOfTheirOwnAllSeeAll) {
  const World world({.branches = 1,
                     .heads = 4,
                     .kv_heads = 2,
                     .head_dim = 32,
                     .tokens = 85,
                     .shared = 85,
                     .count = 20},
                    GetParam());
  world.ExpectRight(world.Result(world.Whole(), {85}), false);
}

TEST_P(AttentionTest, LargeScoresDoNotOverflow) {
  const std::vector<BFloat16> key(32, ToBFloat16(100));
  const std::vector<BFloat16> value = RandomNumbers(32, 1);
  std::vector<BFloat16> result(32);
  AttentionProblem problem;
  problem.branches = problem.count = problem.heads = problem.kv_heads = 1;
  problem.head_dim = 32;
  problem.queries = key.data();
  problem.own = {key.data(), value.data(), 0, 32, 1};
  problem.result = result.data();
  Attend(problem, GetParam());
  EXPECT_EQ(result, value);
}

constexpr Shape kDecode = {.branches = 7,
                           .heads = 6,
                           .kv_heads = 2,
                           .head_dim = 32,
                           .tokens = 210,
                           .shared = 200,
                           .count = 1};

TEST_P(AttentionTest, HowTheTokensInFrontAreCutChangesNoBit) {
  for (const int64_t count : {1, 8}) {
    Shape shape = kDecode;
    shape.count = count;
    const World world(shape, GetParam());
    const std::vector<BFloat16> one = world.Result(world.Whole(), {200});
    for (const std::vector<int64_t>& cuts :
         std::vector<std::vector<int64_t>>{{},
                                           {64},
                                           {1, 199},
                                           {63, 2, 0, 70},
                                           {100, 100},
                                           std::vector<int64_t>(199, 1)})
      EXPECT_EQ(world.Result(world.Whole(), cuts), one);
  }
}

TEST_P(AttentionTest, WhoElseIsInTheBatchChangesNoBit) {
  for (const int64_t count : {1, 5}) {
    Shape shape = kDecode;
    shape.count = count;
    const World world(shape, GetParam());
    const std::vector<BFloat16> all = world.Result(world.Whole(), {150, 50});
    for (int64_t first = 0; first < shape.branches; ++first) {
      for (int64_t size = 1; first + size <= shape.branches; size += 2) {
        const Part part{first, size, 0, count};
        EXPECT_EQ(world.Result(part, {150, 50}), world.PartOf(all, part));
      }
    }
  }
}

TEST_P(AttentionTest, APrefillInChunksChangesNoBit) {
  const World world({.branches = 2,
                     .heads = 6,
                     .kv_heads = 2,
                     .head_dim = 64,
                     .tokens = 220,
                     .shared = 30,
                     .count = 190},
                    GetParam());
  const std::vector<BFloat16> whole = world.Result(world.Whole(), {30});
  for (const int64_t chunk : {1, 17, 64, 100}) {
    for (int64_t begin = 0; begin < 190; begin += chunk) {
      const Part part{0, 2, begin, std::min(chunk, 190 - begin)};
      EXPECT_EQ(world.Result(part, {30}), world.PartOf(whole, part))
          << chunk << " at a time, from " << begin;
    }
  }
}

STAGEBEAM_FOR_EACH_SET(AttentionTest);

TEST(CanAttendTest, TakesMultiplesOf16UpTo256) {
  for (const int64_t head_dim : {16, 32, 64, 80, 128, 256})
    EXPECT_TRUE(CanAttend(head_dim));
  for (const int64_t head_dim : {8, 33, 72, 272, 288})
    EXPECT_FALSE(CanAttend(head_dim));
}

}  // namespace
}  // namespace stagebeam::kernels
