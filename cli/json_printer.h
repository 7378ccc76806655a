#ifndef STAGEBEAM_CLI_JSON_PRINTER_H_
#define STAGEBEAM_CLI_JSON_PRINTER_H_

#include <ostream>

#include "cli/event_printer.h"

namespace stagebeam::cli {

// Each event as one line of JSON: the fields of StreamReasonResponse by their
// proto names, and "seconds" since the request was sent.
class JsonPrinter : public EventPrinter {
 public:
  // `out` must outlive the printer.
  explicit JsonPrinter(std::ostream& out) : out_(out) {}

  void Print(const orchestrator::v1::StreamReasonResponse& event,
             absl::Duration elapsed) override;

 private:
  std::ostream& out_;
};

// `message` as JSON by proto names, zero values included. `indented` over
// several lines. Empty where it cannot be written, which no response of the
// contract is.
std::string ToJson(const google::protobuf::Message& message, bool indented);

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_JSON_PRINTER_H_
