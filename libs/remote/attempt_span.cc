#include "libs/remote/attempt_span.h"

namespace stagebeam::remote {

AttemptSpan::AttemptSpan(const tracing::Tracer& tracer,
                         const inference::RequestContext& context,
                         std::string_view replica, size_t attempt)
    : span_(tracer.Call("attempt", context.traceparent)), context_(context) {
  context_.traceparent = span_.traceparent();
  span_.Set("server.address", replica);
  span_.Set("stagebeam.attempt", attempt);
}

void AttemptSpan::End(const absl::Status& status) {
  span_.Set("rpc.grpc.status_code", static_cast<int>(status.code()));
  span_.SetStatus(status);
  span_.End();
}

}  // namespace stagebeam::remote
