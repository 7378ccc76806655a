#include "libs/serving/health_service.h"

#include <optional>

namespace stagebeam::serving {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One Watch. Sends a status whenever the service's differs from the last one
// sent; statuses that come while a write is under way are merged into the
// newest. Deletes itself when the call is done.
class HealthService::Watcher final
    : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  Watcher(HealthService& service, std::string name)
      : service_(service), name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  // Tells the status from now on.
  void Update(ServingStatus status) {
    absl::MutexLock lock(&mutex_);
    wanted_ = status;
    SendNext();
  }

  // Ends the call after what is under way.
  void End() {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
    SendNext();
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    ending_ = ending_ || !ok;
    SendNext();
  }

  void OnCancel() override { End(); }

  void OnDone() override {
    service_.Remove(this);
    delete this;
  }

 private:
  void SendNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_) return;
    if (wanted_ != sent_) {
      sent_ = wanted_;
      message_.set_status(*wanted_);
      writing_ = true;
      StartWrite(&message_);
    } else if (ending_) {
      finished_ = true;
      Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the watch is over"));
    }
  }

  HealthService& service_;
  const std::string name_;
  absl::Mutex mutex_;
  std::optional<ServingStatus> wanted_ ABSL_GUARDED_BY(mutex_);
  std::optional<ServingStatus> sent_ ABSL_GUARDED_BY(mutex_);
  HealthCheckResponse message_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

HealthService::HealthService(const std::vector<std::string>& service_names) {
  statuses_[""] = HealthCheckResponse::NOT_SERVING;
  for (const std::string& name : service_names) {
    statuses_[name] = HealthCheckResponse::NOT_SERVING;
  }
}

HealthService::~HealthService() = default;

void HealthService::SetAll(ServingStatus status) {
  absl::MutexLock lock(&mutex_);
  if (shut_down_) return;
  for (auto& [name, current] : statuses_) current = status;
  for (Watcher* watcher : watchers_) watcher->Update(StatusOf(watcher->name()));
}

void HealthService::Shutdown() {
  SetAll(HealthCheckResponse::NOT_SERVING);
  absl::MutexLock lock(&mutex_);
  shut_down_ = true;
  for (Watcher* watcher : watchers_) watcher->End();
}

bool HealthService::serving() const {
  absl::MutexLock lock(&mutex_);
  return StatusOf("") == HealthCheckResponse::SERVING;
}

grpc::ServerUnaryReactor* HealthService::Check(
    grpc::CallbackServerContext* call, const HealthCheckRequest* request,
    HealthCheckResponse* response) {
  ServingStatus status;
  {
    absl::MutexLock lock(&mutex_);
    status = StatusOf(request->service());
  }
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
    reactor->Finish(
        grpc::Status(grpc::StatusCode::NOT_FOUND, "service: not served here"));
  } else {
    response->set_status(status);
    reactor->Finish(grpc::Status::OK);
  }
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext* call, const HealthCheckRequest* request) {
  auto* watcher = new Watcher(*this, request->service());
  Add(watcher);
  return watcher;
}

HealthService::ServingStatus HealthService::StatusOf(
    const std::string& name) const {
  const auto found = statuses_.find(name);
  return found == statuses_.end() ? HealthCheckResponse::SERVICE_UNKNOWN
                                  : found->second;
}

void HealthService::Add(Watcher* watcher) {
  absl::MutexLock lock(&mutex_);
  watchers_.insert(watcher);
  watcher->Update(StatusOf(watcher->name()));
  if (shut_down_) watcher->End();
}

void HealthService::Remove(Watcher* watcher) {
  absl::MutexLock lock(&mutex_);
  watchers_.erase(watcher);
}

}  // namespace stagebeam::serving
