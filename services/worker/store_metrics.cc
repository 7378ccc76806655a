#include "services/worker/store_metrics.h"

#include <string>

namespace stagebeam::worker {

void StoreMetrics::OnGet(std::string_view tier, features::GetOutcome outcome,
                         absl::Duration elapsed, int64_t bytes) {
  const std::string name(tier);
  metrics_
      .AddCounter("stagebeam_feature_store_gets_total",
                  "Look-ups of features, by tier of the store and outcome.",
                  {{"tier", name},
                   {"outcome", std::string(features::OutcomeName(outcome))}})
      .Increment();
  metrics_
      .AddHistogram("stagebeam_feature_store_get_seconds",
                    "Time of a look-up of features.", serving::StepSeconds(),
                    {{"tier", name}})
      .Observe(absl::ToDoubleSeconds(elapsed));
}

void StoreMetrics::OnPut(std::string_view tier, features::PutOutcome outcome,
                         absl::Duration elapsed, int64_t bytes) {
  metrics_
      .AddCounter("stagebeam_feature_store_puts_total",
                  "Features kept, by tier of the store and outcome.",
                  {{"tier", std::string(tier)},
                   {"outcome", std::string(features::OutcomeName(outcome))}})
      .Increment();
}

}  // namespace stagebeam::worker
