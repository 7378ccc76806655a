#ifndef STAGEBEAM_LIBS_SEARCH_RESPONSE_TEXT_H_
#define STAGEBEAM_LIBS_SEARCH_RESPONSE_TEXT_H_

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/search/search.h"

// The tagged text of a response: "<SUMMARY> … </SUMMARY> <CAPTION> …".
namespace stagebeam::search {

// The stages of a response, in order.
inline constexpr std::array<Stage, 4> kStages = {
    Stage::kSummary, Stage::kCaption, Stage::kReasoning, Stage::kConclusion};

// "summary"; "response" for a whole one.
std::string_view StageName(Stage stage);
// "<SUMMARY>" and "</SUMMARY>"; not for kResponse.
std::string OpeningTag(Stage stage);
std::string ClosingTag(Stage stage);

// Without white space at both ends.
std::string_view Trimmed(std::string_view text);

// True where `text` has the stage's closing tag.
bool Closes(std::string_view text, Stage stage);

// The stage's text in `text`, trimmed: between its tags. Without a closing tag
// up to the next tag of any stage or the end; without an opening tag from the
// last tag before. None where it has neither tag.
std::optional<std::string> TextOfStage(std::string_view text, Stage stage);

// As TextOfStage, but where there is neither tag, all of the text up to the
// first tag; of kResponse the whole text, trimmed.
std::string ChosenText(std::string_view text, Stage stage);

// Every stage that `response` has, in order.
std::vector<StageText> ParseStages(std::string_view response);

// The stage that a response goes on with: the one left open, or the one after
// the last that was closed.
Stage StageInProgress(std::string_view response);

// A stage that ended without its closing tag, made whole.
struct ClosedStage {
  // True where the candidate's tokens stay and `appended` follows them; false
  // where `appended` replaces them.
  bool keeps_tokens = true;
  std::string appended;
};
// Cuts `text` before a tag of another stage or a part of the closing tag at its
// end, and closes it.
ClosedStage CutAndClose(std::string_view text, Stage stage);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_RESPONSE_TEXT_H_
