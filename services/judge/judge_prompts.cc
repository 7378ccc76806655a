#include "services/judge/judge_prompts.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/judge/default_prompts.h"
#include "services/judge/template_text.h"
#include "services/judge/written_verdict.h"

namespace stagebeam::judge {
namespace {

using Json = nlohmann::json;

// In the order of inference::Subject.
constexpr std::array<const char*, 6> kSubjects = {
    "summary", "caption", "reasoning", "conclusion", "sentence", "response"};

absl::Status Bad(const std::string& path, const std::string& field,
                 const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", field, ": ", what));
}

absl::StatusOr<std::string> ReadFileOrDefault(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return std::string(kDefaultPrompts);
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  // Unlike an iterator this does not throw where the file is a directory.
  if (!stream || !(text << stream.rdbuf())) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": cannot be read, or is empty"));
  }
  return text.str();
}

// Takes a string that has all of `needed` in it.
absl::Status TakeText(const std::string& path, const Json& object,
                      const std::string& parent, const char* key,
                      std::initializer_list<const char*> needed,
                      std::string* text) {
  const std::string field = absl::StrCat(parent, key);
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string())
    return Bad(path, field, "must be a string");
  *text = it->get<std::string>();
  if (text->empty()) return Bad(path, field, "must not be empty");
  for (const char* part : needed) {
    if (text->find(part) == std::string::npos) {
      return Bad(path, field, absl::StrCat("must have ", part, " in it"));
    }
  }
  return absl::OkStatus();
}

absl::Status TakeChoices(const std::string& path, const Json& object,
                         std::vector<std::string>* choices) {
  const auto it = object.find("choices");
  if (it == object.end() || !it->is_array() || it->size() != 2) {
    return Bad(path, "choices", "must be a list of two strings");
  }
  for (const Json& choice : *it) {
    if (!choice.is_string() || choice.get_ref<const std::string&>().empty()) {
      return Bad(path, "choices", "must be a list of two strings, none empty");
    }
    choices->push_back(choice.get<std::string>());
  }
  return absl::OkStatus();
}

// The first id of `next` after `text`; none where they merge.
std::optional<int32_t> NextId(const tokens::Tokenizer& tokenizer,
                              const std::string& text,
                              const std::string& next) {
  const std::vector<int32_t> front = tokenizer.Encode(text);
  const std::vector<int32_t> both = tokenizer.Encode(text + next);
  const bool follows = both.size() > front.size() &&
                       std::equal(front.begin(), front.end(), both.begin());
  if (!follows) return std::nullopt;
  return both[front.size()];
}

}  // namespace

absl::StatusOr<JudgePrompts> JudgePrompts::Load(
    const std::string& path, const tokens::Tokenizer& tokenizer) {
  const auto text = ReadFileOrDefault(path);
  if (!text.ok()) return text.status();
  const Json json =
      Json::parse(*text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not a JSON object"));
  }
  JudgePrompts prompts;
  const Json& criteria =
      json.contains("criteria") ? json.at("criteria") : Json();
  if (!criteria.is_object()) return Bad(path, "criteria", "must be an object");
  for (const absl::Status& status : {
           TakeText(path, json, "", "prompt", {"{first}", "{second}"},
                    &prompts.prompt_),
           TakeText(path, json, "", "hint", {"{hint}"}, &prompts.hint_),
           TakeText(path, json, "", "score_prefix", {}, &prompts.score_prefix_),
           TakeText(path, json, "", "written_verdict", {"{choice}"},
                    &prompts.written_verdict_),
           TakeChoices(path, json, &prompts.choices_),
       }) {
    if (!status.ok()) return status;
  }
  for (size_t i = 0; i < kSubjects.size(); ++i) {
    absl::Status status = TakeText(path, criteria, "criteria.", kSubjects[i],
                                   {}, &prompts.criteria_[i]);
    if (!status.ok()) return status;
  }
  if (absl::Status status = prompts.FindChoiceIds(path, tokenizer);
      !status.ok())
    return status;
  return prompts;
}

absl::Status JudgePrompts::FindChoiceIds(const std::string& path,
                                         const tokens::Tokenizer& tokenizer) {
  score_prefix_ids_ = tokenizer.Encode(score_prefix_);
  for (size_t i = 0; i < choices_.size(); ++i) {
    const auto id = NextId(tokenizer, score_prefix_, choices_[i]);
    if (!id) {
      return Bad(path, absl::StrCat("choices[", i, "]"),
                 "merges with the end of score_prefix into one token");
    }
    choice_ids_.push_back(*id);
  }
  if (choice_ids_[0] == choice_ids_[1]) {
    return Bad(path, "choices",
               "both begin with the same token after score_prefix");
  }
  SpaceScorePrefix(tokenizer);
  return absl::OkStatus();
}

void JudgePrompts::SpaceScorePrefix(const tokens::Tokenizer& tokenizer) {
  const std::string spaced = " " + score_prefix_;
  spaced_score_prefix_ids_ = score_prefix_ids_;
  if (absl::ascii_isspace(static_cast<unsigned char>(score_prefix_[0]))) return;
  for (size_t i = 0; i < choices_.size(); ++i) {
    if (NextId(tokenizer, spaced, choices_[i]) != choice_ids_[i]) return;
  }
  spaced_score_prefix_ids_ = tokenizer.Encode(spaced);
}

const std::vector<int32_t>& JudgePrompts::ScorePrefixAfter(
    std::string_view said) const {
  const bool begins_word =
      said.empty() ||
      absl::ascii_isspace(static_cast<unsigned char>(said.back()));
  return begins_word ? score_prefix_ids_ : spaced_score_prefix_ids_;
}

int JudgePrompts::longest_score_prefix() const {
  return static_cast<int>(
      std::max(score_prefix_ids_.size(), spaced_score_prefix_ids_.size()));
}

std::string JudgePrompts::Render(const Duel& duel) const {
  const size_t subject = static_cast<size_t>(duel.subject);
  const std::string hint = duel.hint.empty()
                               ? std::string()
                               : FillTemplate(hint_, {{"hint", duel.hint}});
  return FillTemplate(prompt_, {{"subject", kSubjects[subject]},
                                {"criterion", criteria_[subject]},
                                {"question", duel.question},
                                {"hint", hint},
                                {"first", duel.first},
                                {"second", duel.second}});
}

std::optional<int> JudgePrompts::Parse(std::string_view verdict) const {
  return FindVerdict(verdict, written_verdict_, choices_);
}

}  // namespace stagebeam::judge
