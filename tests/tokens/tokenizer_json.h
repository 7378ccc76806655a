#ifndef STAGEBEAM_TESTS_TOKENS_TOKENIZER_JSON_H_
#define STAGEBEAM_TESTS_TOKENS_TOKENIZER_JSON_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/tokens/reference_tokenizer.h"

namespace stagebeam::tokens {

// The reference tokenizer.json with two merges that make "the", to be spoiled.
inline nlohmann::json SmallTokenizerJson() {
  std::ifstream stream(kReferenceFile);
  nlohmann::json json = nlohmann::json::parse(stream);
  json["model"]["vocab"]["th"] = 1041;
  json["model"]["vocab"]["the"] = 1042;
  json["model"]["merges"] = nlohmann::json::array({{"t", "h"}, {"th", "e"}});
  return json;
}

// Writes a file of the test's own; returns its path.
inline std::string WriteJson(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "stagebeam_" +
                           std::to_string(getpid()) + "_" + name + ".json";
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_TESTS_TOKENS_TOKENIZER_JSON_H_
