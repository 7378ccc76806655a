#ifndef STAGEBEAM_LIBS_SERVING_HEALTH_SERVICE_H_
#define STAGEBEAM_LIBS_SERVING_HEALTH_SERVICE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace stagebeam::serving {

// grpc.health.v1 over the callback API: Check and Watch, for the names it is
// given and for "" (the whole server). Check of another name is NOT_FOUND,
// Watch of one says SERVICE_UNKNOWN, as the protocol wants.
//
// Thread-safe.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  // All names start as NOT_SERVING.
  explicit HealthService(const std::vector<std::string>& service_names);
  ~HealthService() override;

  // Sets all names, and tells the watchers. Nothing after Shutdown().
  void SetAll(ServingStatus status);
  // Sets all names to NOT_SERVING for good and ends every Watch, so that they
  // do not hold up the server's end.
  void Shutdown();

  // Whether the server as a whole says SERVING.
  bool serving() const;

  grpc::ServerUnaryReactor* Check(
      grpc::CallbackServerContext* call,
      const grpc::health::v1::HealthCheckRequest* request,
      grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* call,
      const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  class Watcher;

  // The status of `name`; SERVICE_UNKNOWN where it is none of ours.
  ServingStatus StatusOf(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Enters a watcher and gives it the first status.
  void Add(Watcher* watcher);
  void Remove(Watcher* watcher);

  mutable absl::Mutex mutex_;
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, ServingStatus> statuses_ ABSL_GUARDED_BY(mutex_);
  std::set<Watcher*> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_HEALTH_SERVICE_H_
