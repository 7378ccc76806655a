#include "cli/plain_printer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/text.h"

namespace stagebeam::cli {

using orchestrator::v1::CandidatesSampled;
using orchestrator::v1::DuelDecided;
using orchestrator::v1::ReasonResponse;
using orchestrator::v1::StreamReasonResponse;

void PlainPrinter::Print(const StreamReasonResponse& event,
                         absl::Duration elapsed) {
  switch (event.event_case()) {
    case StreamReasonResponse::kImageEncoded:
      Line(elapsed, absl::StrCat(event.image_encoded().cached()
                                     ? "picture known, key "
                                     : "picture encoded, key ",
                                 OneLine(event.image_encoded().image_key())));
      break;
    case StreamReasonResponse::kCandidatesSampled:
      PrintCandidates(event.candidates_sampled(), elapsed);
      break;
    case StreamReasonResponse::kDuelDecided: {
      const DuelDecided& decided = event.duel_decided();
      Line(elapsed,
           absl::StrFormat(
               "%s duel: %d against %d, %d wins (confidence %.2f) %s",
               StageName(decided.stage()), decided.duel().first() + 1,
               decided.duel().second() + 1, decided.duel().winner() + 1,
               decided.duel().confidence(),
               OneLine(decided.duel().rationale())));
      break;
    }
    case StreamReasonResponse::kStageChosen:
      Line(elapsed,
           absl::StrCat(StageName(event.stage_chosen().stage_text().stage()),
                        " chosen: ", event.stage_chosen().candidate() + 1, ": ",
                        OneLine(event.stage_chosen().stage_text().text())));
      break;
    case StreamReasonResponse::kFinished:
      PrintFinished(event.finished(), elapsed);
      break;
    case StreamReasonResponse::EVENT_NOT_SET:
      break;
  }
  out_.flush();
}

void PlainPrinter::Line(absl::Duration elapsed, const std::string& text) {
  const size_t end = text.find_last_not_of(' ');
  out_ << absl::StrFormat("[%10s] ", Seconds(elapsed))
       << text.substr(0, end + 1) << '\n';
}

void PlainPrinter::PrintCandidates(const CandidatesSampled& sampled,
                                   absl::Duration elapsed) {
  AddDraw(sampled, stage_);
  const int count = stage_.candidates_size();
  for (int i = count - sampled.candidates_size(); i < count; ++i) {
    const auto& candidate = stage_.candidates(i);
    const int first = FirstWithText(stage_, i);
    const std::string text = first == i ? OneLine(candidate.text())
                                        : absl::StrCat("same as ", first + 1);
    Line(elapsed,
         absl::StrFormat(
             "%s candidate %d of %d (%d tokens, log-probability %.2f, %s): %s",
             StageName(sampled.stage()), i + 1, count, candidate.token_count(),
             candidate.logprob(), FinishName(candidate.finish_reason()), text));
  }
}

void PlainPrinter::PrintFinished(const ReasonResponse& response,
                                 absl::Duration elapsed) {
  for (const auto& degradation : response.degradations()) {
    Line(elapsed, "degraded: " + DegradationLine(degradation));
  }
  Line(elapsed, UsageLine(response.usage()));
  out_ << "answer: " << OneLine(response.answer()) << '\n';
}

}  // namespace stagebeam::cli
