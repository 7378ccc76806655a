#ifndef STAGEBEAM_LIBS_INFERENCE_REQUEST_CONTEXT_H_
#define STAGEBEAM_LIBS_INFERENCE_REQUEST_CONTEXT_H_

#include <stop_token>
#include <string>

#include "absl/time/time.h"

namespace stagebeam::inference {

// What travels with every call, from the caller's socket to the decode loop:
// how long the answer is wanted, whether it still is, and who asked.
//
// A value type; copies share the cancellation.
struct RequestContext {
  // The answer is worthless afterwards: DEADLINE_EXCEEDED.
  absl::Time deadline = absl::InfiniteFuture();
  // Stop requested = the caller has gone: CANCELLED. A default token never
  // stops.
  std::stop_token cancellation;
  // W3C traceparent header of the calling span; empty where tracing is off.
  std::string traceparent;
  // ReasonRequest.request_id; empty outside a request. For logs.
  std::string request_id;
};

}  // namespace stagebeam::inference

#endif  // STAGEBEAM_LIBS_INFERENCE_REQUEST_CONTEXT_H_
