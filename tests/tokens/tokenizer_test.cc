#include "libs/tokens/tokenizer.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/tokens/reference_tokenizer.h"

namespace stagebeam::tokens {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Truly;

TEST(Tokenizer, FindsSpecialTokensByContent) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  EXPECT_EQ(tokenizer.SpecialId("<|begin_of_text|>"), 1024);
  EXPECT_EQ(tokenizer.SpecialId("<|image|>"), 1040);
  EXPECT_EQ(tokenizer.SpecialId("the"), std::nullopt);
  EXPECT_EQ(tokenizer.SpecialId(""), std::nullopt);
  EXPECT_EQ(tokenizer.size(), 1041);
}

TEST(Tokenizer, SpecialTokensHaveNoBytes) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  EXPECT_TRUE(tokenizer.IsSpecial(1024));
  EXPECT_THAT(tokenizer.TokenBytes(1024), IsEmpty());
  EXPECT_FALSE(tokenizer.IsSpecial(0));
  EXPECT_EQ(tokenizer.TokenBytes(0), "!");
}

TEST(Tokenizer, IdsOutOfRangeAreNothing) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  for (const int32_t id : {-1, 1041, 2'000'000'000, -2'000'000'000}) {
    EXPECT_FALSE(tokenizer.IsSpecial(id));
    EXPECT_THAT(tokenizer.TokenBytes(id), IsEmpty());
  }
  EXPECT_EQ(tokenizer.Decode({-1, 0, 1041}), "!");
}

TEST(Tokenizer, UserTextNeverBecomesASpecialToken) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  const std::string text = "<|eot_id|><|image|> <|begin_of_text|>";
  const std::vector<int32_t> ids = tokenizer.Encode(text);
  EXPECT_THAT(
      ids, Each(Truly([&](int32_t id) { return !tokenizer.IsSpecial(id); })));
  EXPECT_EQ(tokenizer.Decode(ids), text);
}

TEST(Tokenizer, ReadsEachMaximalInvalidPartAsOneReplacement) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  const std::pair<std::string, std::string> cases[] = {
      {"a\xFFz", "a\uFFFDz"},
      {"\xE2\x82", "\uFFFD"},
      {"\xE2\x82 ", "\uFFFD "},
      {"\xF0\x9F\x98", "\uFFFD"},
      {"\xC0\xAF", "\uFFFD\uFFFD"},
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xE2\x82\xE2\x82\xAC", "\uFFFD\u20AC"},
      {"\x80\x80", "\uFFFD\uFFFD"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(tokenizer.Encode(bytes), tokenizer.Encode(text))
        << testing::PrintToString(bytes);
    EXPECT_EQ(tokenizer.Decode(tokenizer.Encode(bytes)), text);
  }
}

TEST(Tokenizer, DecodesACutOffCharacterAsOneReplacement) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  std::vector<int32_t> ids = tokenizer.Encode("\U0001F600");
  ASSERT_EQ(ids.size(), 4u);
  ids.pop_back();
  EXPECT_EQ(tokenizer.Decode(ids), "\uFFFD");
}

// Quadratic work would take minutes here.
TEST(Tokenizer, EncodesAMegabyteWithoutABoundary) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  constexpr size_t kLength = 1'000'000;
  std::vector<std::string> texts;
  for (const char c : {'a', ' ', '\n', '\t', '1', '!', '\'', '\x80'})
    texts.emplace_back(kLength, c);
  texts.push_back(std::string(kLength, ' ') + "x");
  texts.push_back(std::string(kLength, ' ') + "\n" + std::string(kLength, ' ') +
                  "x");
  for (const std::string& text : texts) {
    const std::vector<int32_t> ids = tokenizer.Encode(text);
    EXPECT_THAT(ids, Not(IsEmpty()));
    EXPECT_TRUE(tokenizer.Decode(ids) == text || text[0] == '\x80');
  }
}

TEST(Tokenizer, EncodesFromManyThreadsAtOnce) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  const std::string text =
      "How many red circles? I'm sure: 1234 \u00e9t\u00e9s.";
  const std::vector<int32_t> expected = tokenizer.Encode(text);
  std::vector<std::vector<int32_t>> results(8);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) result = tokenizer.Encode(text);
      });
    }
  }
  EXPECT_THAT(results, Each(expected));
}

}  // namespace
}  // namespace stagebeam::tokens
