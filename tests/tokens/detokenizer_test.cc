#include "libs/tokens/detokenizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/tokens/reference_tokenizer.h"

namespace stagebeam::tokens {
namespace {

TEST(Detokenizer, HoldsBackACharacterUntilItIsWhole) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  const std::vector<int32_t> ids = tokenizer.Encode("\U0001F600!");
  ASSERT_EQ(ids.size(), 5u);
  Detokenizer detokenizer(tokenizer);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(detokenizer.Push(ids[i]), "");
  EXPECT_EQ(detokenizer.Push(ids[3]), "\U0001F600");
  EXPECT_EQ(detokenizer.Push(ids[4]), "!");
  EXPECT_EQ(detokenizer.Finish(), "");
}

TEST(Detokenizer, GivesWhatCannotBecomeACharacterAtOnce) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  const std::vector<int32_t> euro = tokenizer.Encode("\u20AC");
  ASSERT_EQ(euro.size(), 3u);
  const int32_t letter = tokenizer.Encode("a")[0];
  Detokenizer detokenizer(tokenizer);
  EXPECT_EQ(detokenizer.Push(euro[1]), "\uFFFD");
  EXPECT_EQ(detokenizer.Push(euro[0]), "");
  EXPECT_EQ(detokenizer.Push(letter), "\uFFFDa");
}

TEST(Detokenizer, FlushesWhatWasHeldAtTheEnd) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  Detokenizer detokenizer(tokenizer);
  EXPECT_EQ(detokenizer.Push(tokenizer.Encode("\u20AC")[0]), "");
  EXPECT_EQ(detokenizer.Finish(), "\uFFFD");
  EXPECT_EQ(detokenizer.Finish(), "");
}

TEST(Detokenizer, SpecialTokensDoNotInterruptACharacter) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  const std::vector<int32_t> euro = tokenizer.Encode("\u20AC");
  Detokenizer detokenizer(tokenizer);
  EXPECT_EQ(detokenizer.Push(euro[0]), "");
  EXPECT_EQ(detokenizer.Push(*tokenizer.SpecialId("<|eot_id|>")), "");
  EXPECT_EQ(detokenizer.Push(euro[1]), "");
  EXPECT_EQ(detokenizer.Push(euro[2]), "\u20AC");
}

TEST(Detokenizer, GivesInPiecesWhatDecodeGivesAtOnce) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  std::mt19937 random(7);
  for (int trial = 0; trial < 2'000; ++trial) {
    std::vector<int32_t> ids(random() % 20);
    for (int32_t& id : ids)
      id = static_cast<int32_t>(random() % tokenizer.size());
    Detokenizer detokenizer(tokenizer);
    std::string text;
    for (const int32_t id : ids) text += detokenizer.Push(id);
    text += detokenizer.Finish();
    ASSERT_EQ(text, tokenizer.Decode(ids)) << testing::PrintToString(ids);
  }
}

}  // namespace
}  // namespace stagebeam::tokens
