#ifndef STAGEBEAM_CLI_ASK_H_
#define STAGEBEAM_CLI_ASK_H_

#include <istream>
#include <ostream>

#include "absl/status/status.h"
#include "cli/ask_config.h"
#include "cli/event_printer.h"

namespace stagebeam::cli {

// Asks one question and shows each step by `printer`. `in` is where the image
// "-" comes from.
//
// NOT_FOUND: the picture cannot be read. PERMISSION_DENIED: the trace cannot be
// written. Else what the call says, with the server's address where it could
// not be reached.
absl::Status Ask(const AskConfig& config, std::istream& in,
                 EventPrinter& printer);

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_ASK_H_
