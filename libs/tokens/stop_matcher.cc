#include "libs/tokens/stop_matcher.h"

#include <cstdint>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace stagebeam::tokens {

// A trie with failure links. States are numbered as they are made, 0 is the
// root.
struct StopMatcher::Automaton {
  struct State {
    // The longest proper suffix of this state's text that is a state, too.
    uint32_t failure = 0;
    // True where a string ends with this state's text.
    bool accepts = false;
    std::vector<std::pair<uint8_t, uint32_t>> children;
  };

  explicit Automaton(const std::vector<std::string>& strings) : states(1) {
    for (const std::string& text : strings) {
      if (!text.empty()) Insert(text);
    }
    LinkFailures();
  }

  void Insert(std::string_view text) {
    uint32_t at = 0;
    for (const char c : text) {
      const uint8_t byte = static_cast<uint8_t>(c);
      const auto [it, is_new] =
          edges.try_emplace(Edge(at, byte), states.size());
      if (is_new) {
        states[at].children.emplace_back(byte, it->second);
        states.emplace_back();
      }
      at = it->second;
    }
    states[at].accepts = true;
  }

  // Breadth first, so that a state's failure is linked before its own.
  void LinkFailures() {
    std::deque<uint32_t> queue = {0};
    while (!queue.empty()) {
      const uint32_t at = queue.front();
      queue.pop_front();
      for (const auto& [byte, child] : states[at].children) {
        states[child].failure = at == 0 ? 0 : Next(states[at].failure, byte);
        if (states[states[child].failure].accepts) states[child].accepts = true;
        queue.push_back(child);
      }
    }
  }

  uint32_t Next(uint32_t at, uint8_t byte) const {
    while (true) {
      if (const auto it = edges.find(Edge(at, byte)); it != edges.end())
        return it->second;
      if (at == 0) return 0;
      at = states[at].failure;
    }
  }

  static uint64_t Edge(uint32_t from, uint8_t byte) {
    return uint64_t{from} << 8 | byte;
  }

  std::vector<State> states;
  absl::flat_hash_map<uint64_t, uint32_t> edges;
};

StopMatcher::StopMatcher(const std::vector<std::string>& stop_strings)
    : automaton_(std::make_shared<const Automaton>(stop_strings)) {}

bool StopMatcher::Push(std::string_view text) {
  for (const char c : text) {
    if (matched_) break;
    state_ = automaton_->Next(static_cast<uint32_t>(state_),
                              static_cast<uint8_t>(c));
    matched_ = automaton_->states[state_].accepts;
  }
  return matched_;
}

}  // namespace stagebeam::tokens
