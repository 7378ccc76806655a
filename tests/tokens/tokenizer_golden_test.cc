// Compares with what Hugging Face `tokenizers` gave; see make_golden.py for
// the file's layout.
#include <gmock/gmock.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/tokens/reference_tokenizer.h"

namespace stagebeam::tokens {
namespace {

class GoldenFile {
 public:
  GoldenFile() {
    std::ifstream stream("tests/tokens/golden.bin", std::ios::binary);
    data_.assign(std::istreambuf_iterator<char>(stream),
                 std::istreambuf_iterator<char>());
  }

  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const uint8_t byte = static_cast<uint8_t>(data_.at(at_++));
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
  }

  std::string String() {
    const size_t length = Number();
    at_ += length;
    return data_.substr(at_ - length, length);
  }

  std::vector<int32_t> Ids() {
    std::vector<int32_t> ids(Number());
    for (int32_t& id : ids) id = static_cast<int32_t>(Number());
    return ids;
  }

  bool AtEnd() const { return at_ == data_.size(); }

 private:
  std::string data_;
  size_t at_ = 0;
};

std::string Repeat(const std::string& unit, uint64_t times) {
  std::string text;
  text.reserve(unit.size() * times);
  for (uint64_t i = 0; i < times; ++i) text += unit;
  return text;
}

TEST(Tokenizer, EqualsHuggingFaceOnEveryGoldenTextAndIdList) {
  const Tokenizer& tokenizer = ReferenceTokenizer();
  GoldenFile golden;
  const uint64_t texts = golden.Number();
  ASSERT_GE(texts, 10'000u);
  for (uint64_t i = 0; i < texts; ++i) {
    const std::string unit = golden.String();
    const std::string text = Repeat(unit, golden.Number());
    const std::vector<int32_t> expected = golden.Ids();
    // Not EXPECT_EQ: a failure would print 100,000 ids.
    ASSERT_TRUE(tokenizer.Encode(text) == expected)
        << "text " << i << ": " << testing::PrintToString(unit);
    ASSERT_TRUE(tokenizer.Decode(expected) == text) << "text " << i;
  }
  const uint64_t lists = golden.Number();
  ASSERT_GE(lists, 1'000u);
  for (uint64_t i = 0; i < lists; ++i) {
    const std::vector<int32_t> ids = golden.Ids();
    ASSERT_EQ(tokenizer.Decode(ids), golden.String())
        << testing::PrintToString(ids);
  }
  EXPECT_TRUE(golden.AtEnd());
}

}  // namespace
}  // namespace stagebeam::tokens
