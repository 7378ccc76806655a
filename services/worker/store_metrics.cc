#include "services/worker/store_metrics.h"

#include <string>

namespace stagebeam::worker {

using features::GetOutcome;
using features::PutOutcome;

serving::Counter StoreMetrics::Gets(std::string_view tier, GetOutcome outcome) {
  return metrics_.AddCounter(
      "stagebeam_feature_store_gets_total",
      "Look-ups of features, by tier of the store and outcome.",
      {{"tier", std::string(tier)},
       {"outcome", std::string(features::OutcomeName(outcome))}});
}

serving::Counter StoreMetrics::Puts(std::string_view tier, PutOutcome outcome) {
  return metrics_.AddCounter(
      "stagebeam_feature_store_puts_total",
      "Features kept, by tier of the store and outcome.",
      {{"tier", std::string(tier)},
       {"outcome", std::string(features::OutcomeName(outcome))}});
}

serving::Histogram StoreMetrics::GetSeconds(std::string_view tier) {
  return metrics_.AddHistogram(
      "stagebeam_feature_store_get_seconds", "Time of a look-up of features.",
      serving::StepSeconds(), {{"tier", std::string(tier)}});
}

serving::Histogram StoreMetrics::PutSeconds(std::string_view tier) {
  return metrics_.AddHistogram(
      "stagebeam_feature_store_put_seconds", "Time of keeping features.",
      serving::StepSeconds(), {{"tier", std::string(tier)}});
}

serving::Counter StoreMetrics::ReadBytes(std::string_view tier) {
  return metrics_.AddCounter("stagebeam_feature_store_read_bytes_total",
                             "Bytes of features found.",
                             {{"tier", std::string(tier)}});
}

serving::Counter StoreMetrics::WrittenBytes(std::string_view tier) {
  return metrics_.AddCounter("stagebeam_feature_store_written_bytes_total",
                             "Bytes of features kept.",
                             {{"tier", std::string(tier)}});
}

serving::Gauge StoreMetrics::OpenBreakers() {
  return metrics_.AddGauge("stagebeam_redis_open_breakers",
                           "Redis servers that are left alone after failures.");
}

serving::Counter StoreMetrics::BreakerOpenings() {
  return metrics_.AddCounter(
      "stagebeam_redis_breaker_openings_total",
      "Times that a Redis server began to be left alone.");
}

void StoreMetrics::OnTier(std::string_view tier) {
  for (auto outcome :
       {GetOutcome::kHit, GetOutcome::kMiss, GetOutcome::kCorrupt,
        GetOutcome::kError, GetOutcome::kSkipped}) {
    Gets(tier, outcome);
  }
  for (auto outcome :
       {PutOutcome::kStored, PutOutcome::kError, PutOutcome::kSkipped}) {
    Puts(tier, outcome);
  }
  GetSeconds(tier);
  PutSeconds(tier);
  ReadBytes(tier);
  WrittenBytes(tier);
}

void StoreMetrics::OnRedisServers(int count) {
  metrics_
      .AddGauge("stagebeam_redis_servers",
                "Redis servers that features are spread over.")
      .Set(count);
  OpenBreakers().Set(0);
  BreakerOpenings();
}

void StoreMetrics::OnBreaker(bool open) {
  OpenBreakers().Add(open ? 1 : -1);
  if (open) BreakerOpenings().Increment();
}

void StoreMetrics::OnGet(std::string_view tier, GetOutcome outcome,
                         absl::Duration elapsed, int64_t bytes) {
  Gets(tier, outcome).Increment();
  GetSeconds(tier).Observe(absl::ToDoubleSeconds(elapsed));
  ReadBytes(tier).Increment(static_cast<double>(bytes));
}

void StoreMetrics::OnPut(std::string_view tier, PutOutcome outcome,
                         absl::Duration elapsed, int64_t bytes) {
  Puts(tier, outcome).Increment();
  PutSeconds(tier).Observe(absl::ToDoubleSeconds(elapsed));
  if (outcome == PutOutcome::kStored)
    WrittenBytes(tier).Increment(static_cast<double>(bytes));
}

}  // namespace stagebeam::worker
