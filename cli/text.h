#ifndef STAGEBEAM_CLI_TEXT_H_
#define STAGEBEAM_CLI_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "stagebeam/orchestrator/v1/orchestrator.pb.h"

// Texts of the model and the server, made fit to show.
namespace stagebeam::cli {

// `text` on one line, without the control characters by which it could move
// the cursor or change colors: white space becomes one blank, the rest goes.
std::string OneLine(std::string_view text);

// `text` broken between words into lines of at most `width` characters (code
// points); a longer word has a line of its own. At least one line.
std::vector<std::string> Wrap(std::string_view text, size_t width);

// "SUMMARY", "CAPTION", "REASONING", "CONCLUSION"; "RESPONSE" for a whole one.
std::string StageName(orchestrator::v1::Stage stage);

// A candidate's text without the opening and closing tag of its stage.
std::string_view WithoutTags(std::string_view text,
                             orchestrator::v1::Stage stage);

// Adds the candidates of `sampled` to `stage`, those of its stage that came
// with earlier draws; drops what `stage` has of another one.
void AddDraw(const orchestrator::v1::CandidatesSampled& sampled,
             orchestrator::v1::CandidatesSampled& stage);

// Index of the first candidate of a stage with the text of candidate `index`:
// `index` itself where the text is new.
int FirstWithText(const orchestrator::v1::CandidatesSampled& stage, int index);

// How a candidate ended, in a word or two.
std::string FinishName(generator::v1::FinishReason reason);

// "0.123 s".
std::string Seconds(absl::Duration duration);

// What an answer cost, in one line.
std::string UsageLine(const orchestrator::v1::Usage& usage);

// One degradation, in one line.
std::string DegradationLine(const orchestrator::v1::Degradation& degradation);

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_TEXT_H_
