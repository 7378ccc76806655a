#include "libs/search/response_text.h"

#include <algorithm>
#include <cstddef>

namespace stagebeam::search {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kSpace = " \t\r\n\f\v";

std::string_view TagName(Stage stage) {
  switch (stage) {
    case Stage::kSummary:
      return "SUMMARY";
    case Stage::kCaption:
      return "CAPTION";
    case Stage::kReasoning:
      return "REASONING";
    case Stage::kConclusion:
      return "CONCLUSION";
    case Stage::kResponse:
      break;
  }
  return "";
}

// Start of the first tag of any stage (but `except`) at or after `from`; the
// text's size where there is none.
size_t FirstTag(std::string_view text, size_t from,
                std::optional<Stage> except = {}) {
  size_t first = text.size();
  for (Stage stage : kStages) {
    if (stage == except) continue;
    first = std::min({first, text.find(OpeningTag(stage), from),
                      text.find(ClosingTag(stage), from)});
  }
  return first;
}

// End of the last tag of any stage that ends at or before `limit`; 0 where
// there is none.
size_t EndOfLastTag(std::string_view text, size_t limit) {
  size_t last = 0;
  for (Stage stage : kStages) {
    for (const std::string& tag : {OpeningTag(stage), ClosingTag(stage)}) {
      const size_t at = text.substr(0, limit).rfind(tag);
      if (at != kNone) last = std::max(last, at + tag.size());
    }
  }
  return last;
}

// Length of the longest proper start of `tag` that `text` ends with.
size_t PartialTagAtEnd(std::string_view text, std::string_view tag) {
  for (size_t length = std::min(text.size(), tag.size() - 1); length > 0;
       --length) {
    if (text.substr(text.size() - length) == tag.substr(0, length))
      return length;
  }
  return 0;
}

std::string Piece(std::string_view text, size_t begin, size_t end) {
  return std::string(Trimmed(text.substr(begin, end - begin)));
}

}  // namespace

std::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kSummary:
      return "summary";
    case Stage::kCaption:
      return "caption";
    case Stage::kReasoning:
      return "reasoning";
    case Stage::kConclusion:
      return "conclusion";
    case Stage::kResponse:
      break;
  }
  return "response";
}

std::string OpeningTag(Stage stage) {
  return "<" + std::string(TagName(stage)) + ">";
}
std::string ClosingTag(Stage stage) {
  return "</" + std::string(TagName(stage)) + ">";
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == kNone) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

bool Closes(std::string_view text, Stage stage) {
  return text.find(ClosingTag(stage)) != kNone;
}

std::optional<std::string> TextOfStage(std::string_view text, Stage stage) {
  const std::string opening = OpeningTag(stage);
  const size_t close = text.find(ClosingTag(stage));
  if (close == kNone) {
    const size_t open = text.find(opening);
    if (open == kNone) return std::nullopt;
    const size_t begin = open + opening.size();
    return Piece(text, begin, FirstTag(text, begin));
  }
  const size_t open = text.substr(0, close).rfind(opening);
  const size_t begin =
      open == kNone ? EndOfLastTag(text, close) : open + opening.size();
  return Piece(text, begin, close);
}

std::string ChosenText(std::string_view text, Stage stage) {
  if (stage == Stage::kResponse) return std::string(Trimmed(text));
  if (auto found = TextOfStage(text, stage)) return *found;
  return Piece(text, 0, FirstTag(text, 0));
}

std::vector<StageText> ParseStages(std::string_view response) {
  std::vector<StageText> stages;
  for (Stage stage : kStages) {
    if (auto text = TextOfStage(response, stage))
      stages.push_back({stage, *std::move(text)});
  }
  return stages;
}

Stage StageInProgress(std::string_view response) {
  Stage current = Stage::kSummary;
  for (Stage stage : kStages) {
    const bool closed = Closes(response, stage);
    if (closed || response.find(OpeningTag(stage)) != kNone) current = stage;
    if (closed && stage != Stage::kConclusion) {
      current = static_cast<Stage>(static_cast<int>(stage) + 1);
    }
  }
  return current;
}

ClosedStage CutAndClose(std::string_view text, Stage stage) {
  std::string_view kept = text.substr(0, FirstTag(text, 0, stage));
  kept.remove_suffix(PartialTagAtEnd(kept, ClosingTag(stage)));
  const bool opened = kept.find(OpeningTag(stage)) != kNone;
  const std::string closing = ClosingTag(stage);
  if (opened && kept.size() == text.size()) {
    return {true, kSpace.find(text.back()) == kNone ? " " + closing : closing};
  }
  const std::string start = opened ? "" : OpeningTag(stage) + " ";
  return {false, start + std::string(Trimmed(kept)) + " " + closing};
}

}  // namespace stagebeam::search
