#ifndef STAGEBEAM_SERVICES_WORKER_STORE_METRICS_H_
#define STAGEBEAM_SERVICES_WORKER_STORE_METRICS_H_

#include <string_view>

#include "absl/time/time.h"
#include "libs/features/store_observer.h"
#include "libs/serving/metrics.h"

namespace stagebeam::worker {

// Shows on the metrics page which tier features came from:
// stagebeam_feature_store_{gets,puts}_total{tier,outcome}, and seconds and
// bytes by tier; and as stagebeam_redis_* how many servers are left alone.
// Every series starts at 0. Thread-safe.
class StoreMetrics final : public features::StoreObserver {
 public:
  // `metrics` must outlive it.
  explicit StoreMetrics(serving::Metrics& metrics) : metrics_(metrics) {}

  void OnTier(std::string_view tier) override;
  void OnRedisServers(int count) override;
  void OnBreaker(bool open) override;
  void OnGet(std::string_view tier, features::GetOutcome outcome,
             absl::Duration elapsed, int64_t bytes) override;
  void OnPut(std::string_view tier, features::PutOutcome outcome,
             absl::Duration elapsed, int64_t bytes) override;

 private:
  serving::Counter Gets(std::string_view tier, features::GetOutcome outcome);
  serving::Counter Puts(std::string_view tier, features::PutOutcome outcome);
  serving::Histogram GetSeconds(std::string_view tier);
  serving::Histogram PutSeconds(std::string_view tier);
  serving::Counter ReadBytes(std::string_view tier);
  serving::Counter WrittenBytes(std::string_view tier);
  serving::Gauge OpenBreakers();
  serving::Counter BreakerOpenings();

  serving::Metrics& metrics_;
};

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_SERVICES_WORKER_STORE_METRICS_H_
