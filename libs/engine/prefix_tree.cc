#include "libs/engine/prefix_tree.h"

#include <algorithm>
#include <utility>

namespace stagebeam::engine {

// A run of tokens and their keys and values. A root has neither.
struct PrefixTree::Node {
  // Roots only: where it stands in roots_.
  std::string root;
  Node* parent = nullptr;
  std::vector<int32_t> tokens;
  SegmentRef segment;
  // By first token.
  std::map<int32_t, std::unique_ptr<Node>> children;
  std::list<Node*>::iterator use;
};

// How far a sequence leads into the tree.
struct PrefixTree::Walk {
  // The last node that is matched whole.
  Node* node = nullptr;
  // The child that is matched in part, and how far; null where none is.
  Node* partial = nullptr;
  int partial_length = 0;
  // Tokens matched, the partial ones included.
  int length = 0;
};

PrefixTree::PrefixTree(KeyValueBudget& budget, int64_t bytes_per_token)
    : budget_(budget), bytes_per_token_(bytes_per_token) {}

PrefixTree::~PrefixTree() = default;

PrefixTree::Walk PrefixTree::Descend(Node* root,
                                     std::span<const int32_t> tokens) {
  Walk walk{.node = root};
  while (walk.node != nullptr && !tokens.empty()) {
    const auto found = walk.node->children.find(tokens.front());
    if (found == walk.node->children.end()) break;
    Node* child = found->second.get();
    const auto ends = std::mismatch(child->tokens.begin(), child->tokens.end(),
                                    tokens.begin(), tokens.end());
    const int length = static_cast<int>(ends.first - child->tokens.begin());
    walk.length += length;
    if (ends.first != child->tokens.end()) {
      walk.partial = child;
      walk.partial_length = length;
      break;
    }
    walk.node = child;
    tokens = tokens.subspan(length);
  }
  return walk;
}

PrefixTree::Node* PrefixTree::RootOf(const std::string& root) const {
  const auto found = roots_.find(root);
  return found == roots_.end() ? nullptr : found->second.get();
}

PrefixTree::Node* PrefixTree::AddRoot(const std::string& root) {
  auto node = std::make_unique<Node>();
  node->root = root;
  return (roots_[root] = std::move(node)).get();
}

PrefixTree::Match PrefixTree::Find(const std::string& root,
                                   std::span<const int32_t> tokens) {
  Match match;
  const Walk walk = Descend(RootOf(root), tokens);
  if (walk.length == 0) return match;
  Node* last = walk.node;
  match.length = walk.length;
  if (walk.partial != nullptr) {
    Node* front = Split(walk.partial, walk.partial_length);
    if (front == nullptr) match.length -= walk.partial_length;
    if (front != nullptr) last = front;
  }
  Touch(last);
  for (Node* node = last; node->parent != nullptr; node = node->parent) {
    match.segments.push_back(node->segment);
  }
  std::reverse(match.segments.begin(), match.segments.end());
  return match;
}

void PrefixTree::Insert(const std::string& root,
                        std::span<const int32_t> tokens, int begin,
                        SegmentRef segment) {
  const int end = static_cast<int>(tokens.size());
  Walk walk = Descend(RootOf(root), tokens);
  if (walk.length < begin || walk.length == end) return;
  if (walk.length > begin) {
    segment = CopyOf(segment, walk.length - begin, end - walk.length);
    if (segment == nullptr) return;
    begin = walk.length;
    walk = Descend(RootOf(root),
                   tokens);  // The copy may have pushed something out.
    if (walk.length != begin) return;
  }
  Node* parent = walk.node != nullptr ? walk.node : AddRoot(root);
  if (walk.partial != nullptr)
    parent = Split(walk.partial, walk.partial_length);
  if (parent != nullptr)
    Adopt(parent, tokens.subspan(begin), std::move(segment));
}

void PrefixTree::Adopt(Node* parent, std::span<const int32_t> tokens,
                       SegmentRef segment) {
  auto node = std::make_unique<Node>();
  node->parent = parent;
  node->tokens.assign(tokens.begin(), tokens.end());
  node->segment = std::move(segment);
  by_use_.push_front(node.get());
  node->use = by_use_.begin();
  Node* adopted = node.get();
  parent->children[tokens.front()] = std::move(node);
  Touch(adopted);
}

PrefixTree::Node* PrefixTree::Split(Node* node, int length) {
  const SegmentRef whole = node->segment;
  const int rest = static_cast<int>(node->tokens.size()) - length;
  // The node's own reference and `whole` make two: with no other, the bytes of
  // the old copy are free as soon as the new ones are there.
  const bool shared = whole.use_count() > 2;
  if (shared && !MakeRoom((length + rest) * bytes_per_token_)) return nullptr;
  auto front_copy = std::make_shared<Segment>();
  auto rest_copy = std::make_shared<Segment>();
  front_copy->key_values = whole->key_values->Extract(0, 0, length);
  rest_copy->key_values = whole->key_values->Extract(0, length, rest);
  if (!front_copy->key_values || !rest_copy->key_values) return nullptr;

  auto front = std::make_unique<Node>();
  front->parent = node->parent;
  front->tokens.assign(node->tokens.begin(), node->tokens.begin() + length);
  front->use = by_use_.insert(node->use, front.get());
  Node* result = front.get();
  std::unique_ptr<Node>& place = node->parent->children[node->tokens.front()];
  std::unique_ptr<Node> back = std::exchange(place, std::move(front));
  back->tokens.erase(back->tokens.begin(), back->tokens.begin() + length);
  back->parent = result;

  Lease lease = shared
                    ? *Lease::Take(budget_, (length + rest) * bytes_per_token_)
                    : std::move(whole->lease);
  front_copy->lease = lease.Split(length * bytes_per_token_);
  rest_copy->lease = std::move(lease);
  result->segment = std::move(front_copy);
  back->segment = std::move(rest_copy);
  const int32_t first = back->tokens.front();
  result->children[first] = std::move(back);
  return result;
}

SegmentRef PrefixTree::CopyOf(const SegmentRef& segment, int begin,
                              int length) {
  const int64_t bytes = length * bytes_per_token_;
  if (!MakeRoom(bytes)) return nullptr;
  auto copy = std::make_shared<Segment>();
  copy->key_values = segment->key_values->Extract(0, begin, length);
  if (copy->key_values == nullptr) return nullptr;
  copy->lease = *Lease::Take(budget_, bytes);
  return copy;
}

void PrefixTree::Touch(Node* node) {
  for (; node->parent != nullptr; node = node->parent) {
    by_use_.splice(by_use_.begin(), by_use_, node->use);
  }
}

bool PrefixTree::IsForgettable(const Node& node) const {
  return node.children.empty() && node.segment.use_count() == 1;
}

bool PrefixTree::MakeRoom(int64_t bytes) {
  auto next = by_use_.end();
  while (budget_.free() < bytes && next != by_use_.begin()) {
    Node* node = *--next;
    if (!IsForgettable(*node)) continue;
    ++next;
    Forget(node);
  }
  return budget_.free() >= bytes;
}

void PrefixTree::Forget(Node* node) {
  Node* parent = node->parent;
  by_use_.erase(node->use);
  const int32_t first = node->tokens.front();
  parent->children.erase(first);
  if (parent->parent == nullptr && parent->children.empty()) {
    const std::string root = parent->root;
    roots_.erase(root);
  }
}

}  // namespace stagebeam::engine
