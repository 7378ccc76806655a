#include "libs/tokens/stop_matcher.h"
#include "libs/tokens/utf8.h"

namespace stagebeam::tokens {
namespace {

bool IsOneOf(char32_t c, std::u32string_view set) {
  return set.find(c) != set.npos;
}

bool IsLineBreak(char32_t c) { return IsOneOf(c, U"\n\r\u2028\u2029"); }
bool IsBlank(char32_t c) {
  return IsLineBreak(c) || IsOneOf(c, U" \t\v\f\u00A0\u3000");
}
bool IsMark(char32_t c) { return IsOneOf(c, U".!?\u2026"); }
bool IsFullWidthMark(char32_t c) { return IsOneOf(c, U"\u3002\uFF01\uFF1F"); }
bool IsCloser(char32_t c) { return IsOneOf(c, U"\"')]}*_\u2019\u201D\u00BB"); }

}  // namespace

SentenceMatcher::State SentenceMatcher::Next(State state, char32_t c) {
  if (state == State::kEnded) return state;
  if (IsBlank(c)) {
    if (state == State::kEnding) return State::kEnded;
    if (state == State::kInside && IsLineBreak(c)) return State::kEnded;
    return state;
  }
  if (IsFullWidthMark(c)) return State::kEnded;
  // A mark in front of any text ("...and so") ends nothing.
  if (state == State::kStart && IsMark(c)) return state;
  if (IsMark(c) || (state == State::kEnding && IsCloser(c)))
    return State::kEnding;
  return State::kInside;
}

bool SentenceMatcher::Push(std::string_view text) {
  while (!text.empty() && state_ != State::kEnded)
    state_ = Next(state_, TakeCodePoint(&text));
  return state_ == State::kEnded;
}

}  // namespace stagebeam::tokens
