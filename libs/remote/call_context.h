#ifndef STAGEBEAM_LIBS_REMOTE_CALL_CONTEXT_H_
#define STAGEBEAM_LIBS_REMOTE_CALL_CONTEXT_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <optional>
#include <stop_token>

#include "absl/status/status.h"
#include "libs/inference/request_context.h"

namespace stagebeam::remote {

// One RPC's grpc::ClientContext, made from a RequestContext: its deadline, its
// cancellation (the RPC is cancelled as soon as stop is requested), and the
// metadata "traceparent" (where it is one) and "x-request-id" (where it is at
// most 128 printable ASCII characters).
//
// Used by one thread; cancellation may come from any.
class CallContext {
 public:
  explicit CallContext(const inference::RequestContext& context);
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  grpc::ClientContext& client() { return client_; }

 private:
  grpc::ClientContext client_;
  std::stop_callback<std::function<void()>> cancel_;
};

// CANCELLED or DEADLINE_EXCEEDED where the context is over, else OK.
absl::Status CheckContext(const inference::RequestContext& context);

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_CALL_CONTEXT_H_
