#include "libs/tokens/stop_matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace stagebeam::tokens {
namespace {

// Bytes up to the first end of a stop string, found the slow way.
std::optional<size_t> SlowEnd(const std::vector<std::string>& stops,
                              const std::string& text) {
  std::optional<size_t> end;
  for (const std::string& stop : stops) {
    const size_t at = stop.empty() ? std::string::npos : text.find(stop);
    if (at != std::string::npos)
      end = std::min(end.value_or(text.size()), at + stop.size());
  }
  return end;
}

std::optional<size_t> End(const std::vector<std::string>& stops,
                          const std::string& text) {
  StopMatcher matcher(stops);
  for (size_t i = 0; i < text.size(); ++i) {
    if (matcher.Push(text.substr(i, 1))) return i + 1;
  }
  return std::nullopt;
}

TEST(StopMatcher, FindsAStringThatSpansPieces) {
  StopMatcher matcher({"</SUMMARY>"});
  EXPECT_FALSE(matcher.Push("I will </SUM"));
  EXPECT_FALSE(matcher.Push("MARY"));
  EXPECT_TRUE(matcher.Push(">\n\n<CAP"));
}

TEST(StopMatcher, StaysMatched) {
  StopMatcher matcher({"."});
  EXPECT_TRUE(matcher.Push("a."));
  EXPECT_TRUE(matcher.Push("b"));
  EXPECT_TRUE(matcher.Push(""));
}

TEST(StopMatcher, WithoutStringsNothingMatches) {
  EXPECT_FALSE(StopMatcher({}).Push("anything"));
  EXPECT_FALSE(StopMatcher({"", ""}).Push("anything"));
}

TEST(StopMatcher, CopiesHaveTheirOwnState) {
  const StopMatcher fresh({"ab"});
  StopMatcher one = fresh;
  EXPECT_FALSE(one.Push("a"));
  StopMatcher two = fresh;
  EXPECT_FALSE(two.Push("b"));
  EXPECT_TRUE(one.Push("b"));
}

TEST(StopMatcher, FindsWhatASlowSearchFinds) {
  std::mt19937 random(3);
  const auto word = [&](size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i)
      text += static_cast<char>('a' + random() % 2);
    return text;
  };
  for (int trial = 0; trial < 3'000; ++trial) {
    std::vector<std::string> stops(random() % 5);
    for (std::string& stop : stops) stop = word(random() % 8);
    const std::string text = word(40);
    ASSERT_EQ(End(stops, text), SlowEnd(stops, text))
        << text << " in " << testing::PrintToString(stops);
  }
}

// A matcher that starts over at every byte would need 10^11 steps.
TEST(StopMatcher, LongRepeatingStringsCostNoMoreThanShortOnes) {
  StopMatcher matcher({std::string(300'000, 'a') + "b"});
  EXPECT_FALSE(matcher.Push(std::string(600'000, 'a')));
  EXPECT_TRUE(matcher.Push("b"));
}

}  // namespace
}  // namespace stagebeam::tokens
