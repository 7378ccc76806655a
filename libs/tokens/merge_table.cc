#include "libs/tokens/merge_table.h"

#include <cstddef>
#include <queue>
#include <tuple>

namespace stagebeam::tokens {
namespace {

uint64_t PairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 |
         static_cast<uint32_t>(right);
}

}  // namespace

// Symbols as a linked list in an array, and a heap of the pairs that may be
// joined. A heap entry is stale once either of its symbols has changed.
class MergeTable::Sequence {
 public:
  Sequence(const MergeTable& table, const std::vector<int32_t>& symbols)
      : table_(table) {
    nodes_.reserve(symbols.size());
    for (size_t i = 0; i < symbols.size(); ++i) {
      nodes_.push_back(
          {symbols[i], static_cast<int>(i) - 1, static_cast<int>(i) + 1});
    }
    if (!nodes_.empty()) nodes_.back().next = kNone;
    for (size_t i = 0; i + 1 < nodes_.size(); ++i) Offer(static_cast<int>(i));
  }

  void JoinAll() {
    while (!candidates_.empty()) {
      const Candidate top = candidates_.top();
      candidates_.pop();
      if (IsCurrent(top)) JoinAt(top);
    }
  }

  void AppendTo(std::vector<int32_t>* ids) const {
    // The first symbol is never the right side of a join.
    for (int i = nodes_.empty() ? kNone : 0; i != kNone; i = nodes_[i].next) {
      ids->push_back(nodes_[i].id);
    }
  }

 private:
  static constexpr int kNone = -1;
  static constexpr int32_t kJoined = -1;

  struct Node {
    int32_t id;
    int previous;
    int next;
  };
  struct Candidate {
    int32_t rank;
    int position;
    int32_t left;
    int32_t right;
    int32_t merged;

    bool operator<(
        const Candidate& other) const {  // The heap's top is the greatest.
      return std::tie(rank, position) > std::tie(other.rank, other.position);
    }
  };

  void Offer(int position) {
    if (position == kNone || nodes_[position].next == kNone) return;
    const int32_t left = nodes_[position].id;
    const int32_t right = nodes_[nodes_[position].next].id;
    if (const auto merge = table_.Find(left, right)) {
      candidates_.push({merge->rank, position, left, right, merge->merged});
    }
  }

  bool IsCurrent(const Candidate& candidate) const {
    const Node& node = nodes_[candidate.position];
    return node.id == candidate.left && node.next != kNone &&
           nodes_[node.next].id == candidate.right;
  }

  void JoinAt(const Candidate& candidate) {
    Node& node = nodes_[candidate.position];
    Node& right = nodes_[node.next];
    node.id = candidate.merged;
    node.next = right.next;
    right.id = kJoined;
    if (node.next != kNone) nodes_[node.next].previous = candidate.position;
    Offer(node.previous);
    Offer(candidate.position);
  }

  const MergeTable& table_;
  std::vector<Node> nodes_;
  std::priority_queue<Candidate> candidates_;
};

void MergeTable::Add(int32_t left, int32_t right, int32_t rank,
                     int32_t merged) {
  merges_[PairKey(left, right)] = {rank, merged};
}

std::optional<MergeTable::Join> MergeTable::Find(int32_t left,
                                                 int32_t right) const {
  const auto it = merges_.find(PairKey(left, right));
  if (it == merges_.end()) return std::nullopt;
  return it->second;
}

void MergeTable::Apply(const std::vector<int32_t>& symbols,
                       std::vector<int32_t>* ids) const {
  Sequence sequence(*this, symbols);
  sequence.JoinAll();
  sequence.AppendTo(ids);
}

}  // namespace stagebeam::tokens
