#ifndef STAGEBEAM_SERVICES_ENCODER_ENCODING_QUEUE_H_
#define STAGEBEAM_SERVICES_ENCODER_ENCODING_QUEUE_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/inference/request_context.h"

namespace stagebeam::encoder {

// Lets a few encodings run and a bounded number wait. Thread-safe; must outlive
// its turns.
class EncodingQueue {
 public:
  struct Options {
    // Encodings at a time, >= 1.
    int max_running = 1;
    // Encodings that wait for their turn, >= 0; one more is refused.
    int max_waiting = 64;
  };
  struct Load {
    int running = 0;
    int waiting = 0;
  };

  // The right to encode while it exists.
  class Turn {
   public:
    explicit Turn(EncodingQueue& queue) : queue_(&queue) {}
    Turn(Turn&& other) noexcept : queue_(other.queue_) {
      other.queue_ = nullptr;
    }
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (queue_ != nullptr) queue_->Leave();
    }

   private:
    EncodingQueue* queue_;
  };

  explicit EncodingQueue(const Options& options) : options_(options) {}

  // Waits for a turn. RESOURCE_EXHAUSTED with google.rpc.RetryInfo: the queue
  // is full. CANCELLED, DEADLINE_EXCEEDED: the context's end came first.
  absl::StatusOr<Turn> Enter(const inference::RequestContext& context);

  Load load() const;

 private:
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return running_ < options_.max_running;
  }
  // Until there is room, or the context ends.
  void AwaitRoom(const inference::RequestContext& context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Leave();

  const Options options_;
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace stagebeam::encoder

#endif  // STAGEBEAM_SERVICES_ENCODER_ENCODING_QUEUE_H_
