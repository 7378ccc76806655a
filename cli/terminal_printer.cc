#include "cli/terminal_printer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/text.h"

namespace stagebeam::cli {
namespace {

constexpr char kPlain[] = "\033[0m";
constexpr char kBold[] = "\033[1m";
constexpr char kDim[] = "\033[2m";
constexpr char kRed[] = "\033[31m";
constexpr char kGreen[] = "\033[32m";
constexpr char kYellow[] = "\033[33m";

}  // namespace

using orchestrator::v1::CandidatesSampled;
using orchestrator::v1::Duel;
using orchestrator::v1::ReasonResponse;
using orchestrator::v1::StageText;
using orchestrator::v1::StreamReasonResponse;

void TerminalPrinter::Print(const StreamReasonResponse& event,
                            absl::Duration elapsed) {
  switch (event.event_case()) {
    case StreamReasonResponse::kImageEncoded:
      Heading(
          event.image_encoded().cached() ? "picture known" : "picture encoded",
          elapsed);
      break;
    case StreamReasonResponse::kCandidatesSampled:
      PrintCandidates(event.candidates_sampled(), elapsed);
      break;
    case StreamReasonResponse::kDuelDecided:
      PrintDuel(event.duel_decided().duel());
      break;
    case StreamReasonResponse::kStageChosen:
      PrintChosen(event.stage_chosen().stage_text());
      break;
    case StreamReasonResponse::kFinished:
      PrintFinished(event.finished(), elapsed);
      break;
    case StreamReasonResponse::EVENT_NOT_SET:
      break;
  }
  out_.flush();
}

void TerminalPrinter::Heading(const std::string& title,
                              absl::Duration elapsed) {
  const std::string time = Seconds(elapsed);
  const size_t used = title.size() + time.size() + 2;
  out_ << kBold << title << kPlain << kDim << ' ';
  for (size_t i = used; i < width_; ++i) out_ << "\u2500";
  out_ << ' ' << time << kPlain << '\n';
}

void TerminalPrinter::Block(const std::string& mark, const std::string& text,
                            const char* color) {
  constexpr size_t kIndent = 5;
  std::string margin =
      absl::StrFormat("%*s ", static_cast<int>(kIndent) - 1, mark);
  for (const std::string& line : Wrap(text, width_ - kIndent)) {
    out_ << margin << color << line << kPlain << '\n';
    margin.assign(kIndent, ' ');
  }
}

void TerminalPrinter::PrintCandidates(const CandidatesSampled& sampled,
                                      absl::Duration elapsed) {
  if (sampled.first_candidate_index() == 0)
    Heading(StageName(sampled.stage()), elapsed);
  AddDraw(sampled, stage_);
  const int count = stage_.candidates_size();
  for (int i = count - sampled.candidates_size(); i < count; ++i) {
    const auto& candidate = stage_.candidates(i);
    const int first = FirstWithText(stage_, i);
    if (first < i) {
      Block(absl::StrCat(i + 1), absl::StrCat("same as ", first + 1), kDim);
      continue;
    }
    const std::string text(WithoutTags(candidate.text(), sampled.stage()));
    Block(absl::StrCat(i + 1), text, candidate.eligible() ? "" : kRed);
    if (candidate.eligible()) continue;
    Block("",
          absl::StrCat(
              "(no closing tag: ", FinishName(candidate.finish_reason()), ")"),
          kRed);
  }
}

void TerminalPrinter::PrintDuel(const Duel& duel) {
  Block("",
        absl::StrFormat("%d against %d: %d wins, %.0f %% sure. %s",
                        duel.first() + 1, duel.second() + 1, duel.winner() + 1,
                        100 * duel.confidence(), duel.rationale()),
        kDim);
}

void TerminalPrinter::PrintChosen(const StageText& chosen) {
  // With several survivors, an earlier stage is only chosen in the end.
  const std::string stage =
      chosen.stage() == stage_.stage() ? "" : StageName(chosen.stage()) + ": ";
  Block("=>", stage + chosen.text(), kGreen);
}

void TerminalPrinter::PrintFinished(const ReasonResponse& response,
                                    absl::Duration elapsed) {
  Heading("done", elapsed);
  for (const auto& degradation : response.degradations()) {
    Block("!", DegradationLine(degradation), kYellow);
  }
  Block("", UsageLine(response.usage()), kDim);
  out_ << '\n'
       << kBold << "answer: " << OneLine(response.answer()) << kPlain << '\n';
}

}  // namespace stagebeam::cli
