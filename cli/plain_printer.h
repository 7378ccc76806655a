#ifndef STAGEBEAM_CLI_PLAIN_PRINTER_H_
#define STAGEBEAM_CLI_PLAIN_PRINTER_H_

#include <ostream>
#include <string>

#include "cli/event_printer.h"

namespace stagebeam::cli {

// One line for each thing that happens, for logs and pipes; the last line is
// "answer: ...". Candidates count from 1.
class PlainPrinter : public EventPrinter {
 public:
  // `out` must outlive the printer.
  explicit PlainPrinter(std::ostream& out) : out_(out) {}

  void Print(const orchestrator::v1::StreamReasonResponse& event,
             absl::Duration elapsed) override;

 private:
  void Line(absl::Duration elapsed, const std::string& text);
  void PrintCandidates(const orchestrator::v1::CandidatesSampled& sampled,
                       absl::Duration elapsed);
  void PrintFinished(const orchestrator::v1::ReasonResponse& response,
                     absl::Duration elapsed);

  std::ostream& out_;
  // Candidates of the running stage so far.
  orchestrator::v1::CandidatesSampled stage_;
};

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_PLAIN_PRINTER_H_
