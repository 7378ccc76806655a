#ifndef STAGEBEAM_LIBS_ENGINE_PREFIX_TREE_H_
#define STAGEBEAM_LIBS_ENGINE_PREFIX_TREE_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libs/engine/segment.h"

namespace stagebeam::engine {

// Prefix memory: keys and values of token sequences that were computed before,
// as a radix tree of segments under one root for each picture.
//
// A match may end inside a segment: the segment is then split in two (copied,
// since its holders may still read it). Leaves are forgotten least recently
// used first; a segment that somebody else holds stays.
//
// Not thread-safe: the scheduler thread owns it.
class PrefixTree {
 public:
  // `budget` must outlive the tree and all its segments.
  PrefixTree(KeyValueBudget& budget, int64_t bytes_per_token);
  ~PrefixTree();
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;

  // The longest beginning of a sequence that is held.
  struct Match {
    std::vector<SegmentRef> segments;
    int length = 0;
  };

  // Looks for `tokens` under `root` ("" for text without a picture, otherwise
  // the picture's key).
  Match Find(const std::string& root, std::span<const int32_t> tokens);

  // Keeps `segment`, the keys and values of `tokens` from `begin` on. What is
  // held already is not kept twice; where the tokens in front are no longer
  // held, nothing is kept.
  void Insert(const std::string& root, std::span<const int32_t> tokens,
              int begin, SegmentRef segment);

  // Forgets until the budget has `bytes` left; false where it cannot.
  bool MakeRoom(int64_t bytes);

  // Segments held, for tests.
  int size() const { return static_cast<int>(by_use_.size()); }

 private:
  struct Node;
  struct Walk;

  // Null where nothing is held under `root`.
  Node* RootOf(const std::string& root) const;
  Node* AddRoot(const std::string& root);
  Walk Descend(Node* root, std::span<const int32_t> tokens);
  // Cuts `node` after `length` tokens; null where the budget has no room for
  // the copy. Returns the front part.
  Node* Split(Node* node, int length);
  SegmentRef CopyOf(const SegmentRef& segment, int begin, int length);
  void Adopt(Node* parent, std::span<const int32_t> tokens, SegmentRef segment);
  void Touch(Node* node);
  bool IsForgettable(const Node& node) const;
  void Forget(Node* node);

  KeyValueBudget& budget_;
  const int64_t bytes_per_token_;
  std::map<std::string, std::unique_ptr<Node>> roots_;
  // All nodes but roots, most recently used first. A parent stands in front of
  // its children, so that the last forgettable one is a leaf.
  std::list<Node*> by_use_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_PREFIX_TREE_H_
