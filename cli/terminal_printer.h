#ifndef STAGEBEAM_CLI_TERMINAL_PRINTER_H_
#define STAGEBEAM_CLI_TERMINAL_PRINTER_H_

#include <ostream>
#include <string>

#include "cli/event_printer.h"

namespace stagebeam::cli {

// A layout for people: one block for each stage with its candidates, duels and
// the chosen text, in color and wrapped to the terminal; the answer last.
class TerminalPrinter : public EventPrinter {
 public:
  // `out` must outlive the printer. `width` in characters, at least 40.
  TerminalPrinter(std::ostream& out, size_t width)
      : out_(out), width_(width < 40 ? 40 : width) {}

  void Print(const orchestrator::v1::StreamReasonResponse& event,
             absl::Duration elapsed) override;

 private:
  // A rule over the whole width with a title on the left and the time on the
  // right.
  void Heading(const std::string& title, absl::Duration elapsed);
  // `text` after `mark`, wrapped, continued under its first word, in `color`.
  void Block(const std::string& mark, const std::string& text,
             const char* color);
  void PrintCandidates(const orchestrator::v1::CandidatesSampled& sampled,
                       absl::Duration elapsed);
  void PrintDuel(const orchestrator::v1::Duel& duel);
  void PrintChosen(const orchestrator::v1::StageText& chosen);
  void PrintFinished(const orchestrator::v1::ReasonResponse& response,
                     absl::Duration elapsed);

  std::ostream& out_;
  size_t width_;
  // Candidates so far of the block that is being printed.
  orchestrator::v1::CandidatesSampled stage_;
};

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_TERMINAL_PRINTER_H_
