#ifndef STAGEBEAM_LIBS_SERVING_RESPONSE_STREAM_H_
#define STAGEBEAM_LIBS_SERVING_RESPONSE_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "libs/serving/call_ledger.h"

namespace stagebeam::serving {

// Where a streaming handler puts its responses.
//
// Thread-safe: writes of several threads come one after the other.
template <class Response>
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;

  // Sends one response. Blocks until the transport has taken it, so a slow
  // reader slows the handler down and nothing piles up. False where the caller
  // has gone: further writes are useless.
  virtual bool Write(const Response& response) = 0;
};

// gRPC's side of a ResponseStream. Deletes itself when the call is done.
template <class Response>
class StreamReactor final : public grpc::ServerWriteReactor<Response>,
                            public ResponseStream<Response> {
 public:
  explicit StreamReactor(std::unique_ptr<CallScope> scope)
      : scope_(std::move(scope)) {}

  CallScope& scope() { return *scope_; }

  bool Write(const Response& response) override {
    absl::MutexLock one_writer(&writer_mutex_);
    {
      absl::MutexLock lock(&mutex_);
      if (broken_) return false;
      writing_ = true;
    }
    this->StartWrite(&response);
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](bool* writing) { return !*writing; }, &writing_));
    return !broken_;
  }

  // Ends the call. Nothing of the reactor may be used afterwards.
  void Conclude(const absl::Status& status) {
    this->Finish(scope_->Close(status));
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    broken_ = broken_ || !ok;
  }

  void OnCancel() override {
    scope_->Cancel();
    absl::MutexLock lock(&mutex_);
    broken_ = true;
  }

  void OnDone() override { delete this; }

 private:
  const std::unique_ptr<CallScope> scope_;
  absl::Mutex writer_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_RESPONSE_STREAM_H_
