#ifndef STAGEBEAM_LIBS_SERVING_CALL_LEDGER_H_
#define STAGEBEAM_LIBS_SERVING_CALL_LEDGER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/inference/request_context.h"
#include "libs/serving/logger.h"
#include "libs/serving/metrics.h"
#include "libs/tracing/span.h"
#include "libs/tracing/tracer.h"

namespace stagebeam::serving {

class CallLedger;

// One call, from its arrival until its last byte is handed to the transport.
// Thread-safe where it says so; otherwise used by one thread at a time.
class CallScope {
 public:
  // Takes the call off the ledger.
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  const inference::RequestContext& context() const { return context_; }
  // Metadata value "authorization"; empty where absent.
  const std::string& authorization() const { return authorization_; }
  // Stops the context's token. Thread-safe.
  void Cancel() { stop_.request_stop(); }
  // Runs a handler; an exception becomes INTERNAL.
  absl::Status Run(const std::function<absl::Status()>& handler) const;
  // Counts, logs and traces how the call ended, and converts it. Called once.
  grpc::Status Close(const absl::Status& status);

 private:
  friend class CallLedger;
  CallScope(CallLedger& ledger, const grpc::CallbackServerContext& call,
            std::string_view method, std::string request_id);
  void EndSpan(const absl::Status& status);

  CallLedger& ledger_;
  const std::string method_;
  const absl::Time arrival_;
  std::stop_source stop_;
  inference::RequestContext context_;
  std::string authorization_;
  tracing::Span span_;
};

// Knows which calls run and what became of the others.
//
// Thread-safe. Must outlive its scopes.
class CallLedger {
 public:
  CallLedger(Metrics& metrics, const Logger& logger,
             tracing::Tracer tracer = {});
  CallLedger(const CallLedger&) = delete;
  CallLedger& operator=(const CallLedger&) = delete;

  // Enters a call, even one that will be refused. `request_id`: as the message
  // has it; where that is empty or not printable, metadata is asked.
  std::unique_ptr<CallScope> Open(const grpc::CallbackServerContext& call,
                                  std::string_view method,
                                  std::string request_id = {});

  // From now on `refusing` holds.
  void Refuse();
  bool refusing() const;
  // Waits until no call is open. False where some still are at `deadline`.
  bool WaitUntilEmpty(absl::Time deadline);
  // Stops the tokens of all open calls.
  void CancelAll();
  int open_calls() const;

 private:
  friend class CallScope;
  void Close(const CallScope& scope, const absl::Status& end);
  void Remove(CallScope* scope);

  Metrics& metrics_;
  const Logger& logger_;
  const tracing::Tracer tracer_;
  const Gauge in_flight_;
  mutable absl::Mutex mutex_;
  bool refusing_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<CallScope*> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_CALL_LEDGER_H_
