#include "libs/remote/call_context.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "libs/tracing/trace_context.h"

namespace stagebeam::remote {
namespace {

// gRPC aborts on metadata that is not printable; servers read ids of this size.
constexpr size_t kMaxRequestIdBytes = 128;

bool CanTravel(const std::string& id) {
  return !id.empty() && id.size() <= kMaxRequestIdBytes &&
         std::all_of(id.begin(), id.end(), [](unsigned char character) {
           return absl::ascii_isprint(character);
         });
}

void AddMetadata(const inference::RequestContext& context,
                 grpc::ClientContext& client) {
  if (const auto span = tracing::ParseTraceparent(context.traceparent)) {
    client.AddMetadata("traceparent", tracing::FormatTraceparent(*span));
  }
  if (CanTravel(context.request_id)) {
    client.AddMetadata("x-request-id", context.request_id);
  }
}

}  // namespace

CallContext::CallContext(const inference::RequestContext& context)
    : cancel_(context.cancellation, [this] { client_.TryCancel(); }) {
  if (context.deadline != absl::InfiniteFuture()) {
    client_.set_deadline(absl::ToChronoTime(context.deadline));
  }
  AddMetadata(context, client_);
}

absl::Status CheckContext(const inference::RequestContext& context) {
  if (context.cancellation.stop_requested()) {
    return absl::CancelledError("the caller has gone");
  }
  if (absl::Now() >= context.deadline) {
    return absl::DeadlineExceededError("the call's deadline is over");
  }
  return absl::OkStatus();
}

}  // namespace stagebeam::remote
