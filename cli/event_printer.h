#ifndef STAGEBEAM_CLI_EVENT_PRINTER_H_
#define STAGEBEAM_CLI_EVENT_PRINTER_H_

#include "absl/time/time.h"
#include "stagebeam/orchestrator/v1/orchestrator.pb.h"

namespace stagebeam::cli {

// Shows the steps of one search as they come. Not thread-safe.
class EventPrinter {
 public:
  virtual ~EventPrinter() = default;

  // Shows one event, `elapsed` after the request was sent. The last one holds
  // the answer.
  virtual void Print(const orchestrator::v1::StreamReasonResponse& event,
                     absl::Duration elapsed) = 0;
};

}  // namespace stagebeam::cli

#endif  // STAGEBEAM_CLI_EVENT_PRINTER_H_
