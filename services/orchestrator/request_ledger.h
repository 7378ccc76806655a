#ifndef STAGEBEAM_SERVICES_ORCHESTRATOR_REQUEST_LEDGER_H_
#define STAGEBEAM_SERVICES_ORCHESTRATOR_REQUEST_LEDGER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/inference/request_context.h"
#include "stagebeam/orchestrator/v1/orchestrator.pb.h"

namespace stagebeam::orchestrator {

// Answers each request once: a repeat of a request_id gets the first one's
// answer, while that runs and as long as it is remembered.
//
// Thread-safe.
class RequestLedger {
 public:
  // Bounds of what is remembered; the oldest answers are forgotten first.
  struct Limits {
    int max_answers = 1024;
    int64_t max_bytes = 64 << 20;
  };
  using Response = std::shared_ptr<const v1::ReasonResponse>;
  using Solve = std::function<absl::StatusOr<v1::ReasonResponse>()>;

  explicit RequestLedger(const Limits& limits) : limits_(limits) {}
  RequestLedger(const RequestLedger&) = delete;
  RequestLedger& operator=(const RequestLedger&) = delete;

  // The answer of `request`: remembered, of the call that solves it now, or by
  // `solve`. Blocks while another call solves it; `context` ends the wait.
  //
  // An error is not remembered, but calls that wait for it get it too, unless
  // it is CANCELLED or DEADLINE_EXCEEDED: then the next of them solves it.
  // INVALID_ARGUMENT "request_id: …" where the id stands for another request.
  absl::StatusOr<Response> Answer(const inference::RequestContext& context,
                                  const v1::ReasonRequest& request,
                                  const Solve& solve);

 private:
  struct Entry {
    std::string fingerprint;
    bool done = false;
    absl::Status status;
    Response response;
  };

  // The entry of `id`; made, with `leads` set, where there is none.
  std::shared_ptr<Entry> Find(const std::string& id,
                              const std::string& fingerprint, bool& leads);
  absl::StatusOr<Response> Lead(const std::string& id, Entry& entry,
                                const Solve& solve);
  // OK once `entry` is done.
  absl::Status Wait(const inference::RequestContext& context,
                    const Entry& entry);
  void Land(const std::string& id, Entry& entry, absl::Status status,
            Response response);
  void Remember(const std::string& id, const v1::ReasonResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Limits limits_;
  absl::Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_
      ABSL_GUARDED_BY(mutex_);
  // Ids of answers, oldest first, and their bytes together.
  std::deque<std::string> remembered_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_SERVICES_ORCHESTRATOR_REQUEST_LEDGER_H_
