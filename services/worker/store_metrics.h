#ifndef STAGEBEAM_SERVICES_WORKER_STORE_METRICS_H_
#define STAGEBEAM_SERVICES_WORKER_STORE_METRICS_H_

#include <string_view>

#include "absl/time/time.h"
#include "libs/features/store_observer.h"
#include "libs/serving/metrics.h"

namespace stagebeam::worker {

// Shows on the metrics page which tier features came from:
// stagebeam_feature_store_gets_total{tier,outcome} and _puts_total, and
// stagebeam_feature_store_get_seconds{tier}. Thread-safe.
class StoreMetrics final : public features::StoreObserver {
 public:
  // `metrics` must outlive it.
  explicit StoreMetrics(serving::Metrics& metrics) : metrics_(metrics) {}

  void OnGet(std::string_view tier, features::GetOutcome outcome,
             absl::Duration elapsed, int64_t bytes) override;
  void OnPut(std::string_view tier, features::PutOutcome outcome,
             absl::Duration elapsed, int64_t bytes) override;

 private:
  serving::Metrics& metrics_;
};

}  // namespace stagebeam::worker

#endif  // STAGEBEAM_SERVICES_WORKER_STORE_METRICS_H_
