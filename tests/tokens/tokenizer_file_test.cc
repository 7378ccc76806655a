// Every shape of tokenizer.json that is not supported is refused by name.
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "libs/tokens/tokenizer.h"
#include "tests/tokens/tokenizer_json.h"

namespace stagebeam::tokens {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

struct Spoiled {
  std::string field;
  std::function<void(Json&)> spoil;
};

Json& Split(Json& j) { return j["pre_tokenizer"]["pretokenizers"][0]; }
Json& ByteLevel(Json& j) { return j["pre_tokenizer"]["pretokenizers"][1]; }

const std::vector<Spoiled>& AllSpoiled() {
  static const auto& all = *new std::vector<Spoiled>{
      {"normalizer",
       [](Json& j) {
         j["normalizer"] = {{"type", "NFC"}};
       }},
      {"decoder.type", [](Json& j) { j.erase("decoder"); }},
      {"model.type", [](Json& j) { j["model"]["type"] = "Unigram"; }},
      {"model.type", [](Json& j) { j.erase("model"); }},
      {"model.type", [](Json& j) { j["model"] = 3; }},
      {"model.dropout", [](Json& j) { j["model"]["dropout"] = 0.1; }},
      {"model.unk_token", [](Json& j) { j["model"]["unk_token"] = "<unk>"; }},
      {"model.continuing_subword_prefix",
       [](Json& j) { j["model"]["continuing_subword_prefix"] = "##"; }},
      {"model.end_of_word_suffix",
       [](Json& j) { j["model"]["end_of_word_suffix"] = "</w>"; }},
      {"model.byte_fallback",
       [](Json& j) { j["model"]["byte_fallback"] = true; }},
      {"model.ignore_merges",
       [](Json& j) { j["model"]["ignore_merges"] = "yes"; }},
      {"pre_tokenizer", [](Json& j) { j["pre_tokenizer"] = nullptr; }},
      {"pre_tokenizer", [](Json& j) { j["pre_tokenizer"] = ByteLevel(j); }},
      {"pre_tokenizer",
       [](Json& j) { j["pre_tokenizer"]["pretokenizers"].erase(1); }},
      {"pretokenizers[0].type", [](Json& j) { Split(j)["type"] = "Digits"; }},
      {"pretokenizers[0].behavior",
       [](Json& j) { Split(j)["behavior"] = "Removed"; }},
      {"pretokenizers[0].invert", [](Json& j) { Split(j)["invert"] = true; }},
      {"pretokenizers[0].pattern.Regex",
       [](Json& j) {
         Split(j)["pattern"] = {{"String", " "}};
       }},
      {"pretokenizers[0].pattern.Regex",
       [](Json& j) { Split(j)["pattern"]["Regex"] = "(a"; }},
      {"pretokenizers[1].type",
       [](Json& j) { ByteLevel(j)["type"] = "Metaspace"; }},
      {"pretokenizers[1].add_prefix_space",
       [](Json& j) { ByteLevel(j).erase("add_prefix_space"); }},
      {"pretokenizers[1].use_regex",
       [](Json& j) { ByteLevel(j)["use_regex"] = true; }},
      {"model.vocab", [](Json& j) { j["model"]["vocab"] = Json::array(); }},
      {"model.vocab", [](Json& j) { j["model"]["vocab"].erase("a"); }},
      {"model.vocab", [](Json& j) { j["model"]["vocab"]["a b"] = 5; }},
      {"model.vocab", [](Json& j) { j["model"]["vocab"]["\u4e00"] = 5; }},
      {"model.vocab", [](Json& j) { j["model"]["vocab"]["a"] = -1; }},
      {"model.vocab", [](Json& j) { j["model"]["vocab"]["a"] = 1e300; }},
      {"model.vocab", [](Json& j) { j["model"]["vocab"]["a"] = 1LL << 40; }},
      {"model.vocab", [](Json& j) { j["model"]["vocab"]["a"] = ~0ULL; }},
      {"model.merges", [](Json& j) { j["model"].erase("merges"); }},
      {"model.merges[1]", [](Json& j) { j["model"]["merges"][1] = "the"; }},
      {"model.merges[1]",
       [](Json& j) {
         j["model"]["merges"][1] = {"th", "e", "n"};
       }},
      {"model.merges[1]",
       [](Json& j) {
         j["model"]["merges"][1] = {1, 2};
       }},
      {"model.merges[0]", [](Json& j) { j["model"]["merges"][0] = "q zz"; }},
      {"added_tokens", [](Json& j) { j["added_tokens"] = "none"; }},
      {"added_tokens[2].id", [](Json& j) { j["added_tokens"][2]["id"] = -7; }},
      {"added_tokens[2].id", [](Json& j) { j["added_tokens"][2] = "x"; }},
      {"added_tokens[2].content",
       [](Json& j) { j["added_tokens"][2]["content"] = ""; }},
      {"added_tokens[2].special",
       [](Json& j) { j["added_tokens"][2]["special"] = false; }},
      {"added_tokens[2].lstrip",
       [](Json& j) { j["added_tokens"][2]["lstrip"] = true; }},
      {"added_tokens[2].normalized",
       [](Json& j) { j["added_tokens"][2]["normalized"] = true; }},
  };
  return all;
}

TEST(TokenizerFile, WhatIsNotSupportedIsRefusedByFileAndField) {
  for (size_t i = 0; i < AllSpoiled().size(); ++i) {
    const Spoiled& spoiled = AllSpoiled()[i];
    Json json = SmallTokenizerJson();
    spoiled.spoil(json);
    const std::string path = WriteJson("spoiled", json.dump());
    const auto tokenizer = Tokenizer::Load(path);
    EXPECT_EQ(tokenizer.status().code(), absl::StatusCode::kInvalidArgument)
        << i << " " << spoiled.field;
    EXPECT_THAT(std::string(tokenizer.status().message()),
                AllOf(HasSubstr(path), HasSubstr(spoiled.field)));
  }
}

TEST(TokenizerFile, AFileThatIsNotThereIsNotFound) {
  const auto tokenizer = Tokenizer::Load("no/such/tokenizer.json");
  EXPECT_EQ(tokenizer.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(tokenizer.status().message()),
              HasSubstr("no/such/tokenizer.json"));
}

TEST(TokenizerFile, WhatIsNotJsonIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("{\"model\":"), std::string("\xFF\xFE"),
        std::string(1 << 20, '['), std::string("[]"), std::string("7")}) {
    const auto tokenizer = Tokenizer::Load(WriteJson("not_json", text));
    EXPECT_EQ(tokenizer.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(TokenizerFile, ADirectoryIsRefused) {
  EXPECT_EQ(Tokenizer::Load("models").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(TokenizerFile, MergesMayBePairsOrStrings) {
  Json json = SmallTokenizerJson();
  json["model"]["ignore_merges"] = false;
  const auto pairs = Tokenizer::Load(WriteJson("pairs", json.dump()));
  ASSERT_TRUE(pairs.ok()) << pairs.status();
  json["model"]["merges"] = {"t h", "th e"};
  const auto strings = Tokenizer::Load(WriteJson("strings", json.dump()));
  ASSERT_TRUE(strings.ok()) << strings.status();
  EXPECT_EQ((*pairs)->Encode("thethe").size(), 2u);
  EXPECT_EQ((*pairs)->Encode("thethe"), (*strings)->Encode("thethe"));
}

TEST(TokenizerFile, IgnoreMergesTakesAWholePieceThatIsAToken) {
  Json json = SmallTokenizerJson();
  json["model"]["merges"] = Json::array();
  json["model"]["ignore_merges"] = true;
  const auto whole = Tokenizer::Load(WriteJson("whole", json.dump()));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ((*whole)->Encode("the").size(), 1u);
  json["model"].erase("ignore_merges");
  const auto merged = Tokenizer::Load(WriteJson("merged", json.dump()));
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ((*merged)->Encode("the").size(), 3u);
}

TEST(TokenizerFile, TextBetweenMatchesIsAPieceToo) {
  Json json = SmallTokenizerJson();
  json["model"]["ignore_merges"] = false;
  Split(json)["pattern"]["Regex"] = "h";
  const auto tokenizer = Tokenizer::Load(WriteJson("between", json.dump()));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ((*tokenizer)->Encode("the").size(), 3u);
  EXPECT_EQ((*tokenizer)->Decode((*tokenizer)->Encode("the")), "the");
}

TEST(TokenizerFile, PatternsThatMatchNothingOrBacktrackForeverLoseNoText) {
  for (const char* pattern :
       {"x*", "(?=h)", "(?:a|aa)+$", "(?:(?:a+)b?)*c", "(?=h\\K)"}) {
    Json json = SmallTokenizerJson();
    Split(json)["pattern"]["Regex"] = pattern;
    const auto tokenizer =
        Tokenizer::Load(WriteJson("odd_pattern", json.dump()));
    if (!tokenizer.ok()) {  // Newer PCRE2 refuses \K in look-around.
      EXPECT_THAT(std::string(tokenizer.status().message()),
                  HasSubstr("pattern.Regex"));
      continue;
    }
    const std::string text = "the xx aaaaaaaaaaaaaa \u20AC";
    EXPECT_EQ((*tokenizer)->Decode((*tokenizer)->Encode(text)), text)
        << pattern;
  }
}

TEST(TokenizerFile, ASpecialTokenInTheVocabularyIsStillOutOfReachOfText) {
  Json json = SmallTokenizerJson();
  json["added_tokens"].push_back({{"id", json["model"]["vocab"]["the"]},
                                  {"content", "the"},
                                  {"special", true},
                                  {"normalized", false}});
  json["model"]["merges"] = Json::array();
  const auto tokenizer =
      Tokenizer::Load(WriteJson("special_in_vocab", json.dump()));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ((*tokenizer)->Encode("the").size(), 3u);
  EXPECT_TRUE((*tokenizer)->IsSpecial(*(*tokenizer)->SpecialId("the")));
}

}  // namespace
}  // namespace stagebeam::tokens
