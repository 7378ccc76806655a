#ifndef STAGEBEAM_LIBS_TOKENS_STOP_MATCHER_H_
#define STAGEBEAM_LIBS_TOKENS_STOP_MATCHER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stagebeam::tokens {

// Finds the first of several strings in a text that arrives in pieces. Costs
// amortized O(1) a byte, whatever the number and length of the strings (Aho
// and Corasick 1975).
//
// Copies share the automaton, so that one is built a call and each candidate
// has its own state. Not thread-safe.
class StopMatcher {
 public:
  // Empty strings are ignored.
  explicit StopMatcher(const std::vector<std::string>& stop_strings);

  // True once a stop string has ended within the text pushed so far.
  bool Push(std::string_view text);

 private:
  struct Automaton;
  std::shared_ptr<const Automaton> automaton_;
  size_t state_ = 0;
  bool matched_ = false;
};

// Finds the end of the first sentence in a text that arrives in pieces of whole
// characters: '.', '!' or '?' (and closing quotes or brackets), followed by
// white space; the same marks of full width, which need no white space; or a
// line break after text. Not thread-safe.
class SentenceMatcher {
 public:
  // True once the first sentence has ended within the text pushed so far.
  bool Push(std::string_view text);

 private:
  enum class State { kStart, kInside, kEnding, kEnded };
  static State Next(State state, char32_t character);

  State state_ = State::kStart;
};

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_STOP_MATCHER_H_
