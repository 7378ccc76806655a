#ifndef STAGEBEAM_LIBS_REMOTE_ATTEMPT_SPAN_H_
#define STAGEBEAM_LIBS_REMOTE_ATTEMPT_SPAN_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "libs/inference/request_context.h"
#include "libs/tracing/span.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::remote {

// The span "attempt" of one try of a call on one replica. Used by one thread.
class AttemptSpan {
 public:
  // `attempt`: from 1, within the call that `context` belongs to.
  AttemptSpan(const tracing::Tracer& tracer,
              const inference::RequestContext& context,
              std::string_view replica, size_t attempt);

  // For the RPC: the call's context, within this span.
  const inference::RequestContext& context() const { return context_; }
  // The RPC is over.
  void End(const absl::Status& status);

 private:
  tracing::Span span_;
  inference::RequestContext context_;
};

}  // namespace stagebeam::remote

#endif  // STAGEBEAM_LIBS_REMOTE_ATTEMPT_SPAN_H_
