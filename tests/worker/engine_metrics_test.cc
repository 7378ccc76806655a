#include "services/worker/engine_metrics.h"

#include <gmock/gmock.h>

#include <string>

#include "services/worker/store_metrics.h"

namespace stagebeam::worker {
namespace {

using ::testing::HasSubstr;

TEST(EngineMetrics, ShowsTheLastStepAndTheSums) {
  serving::Metrics metrics("test");
  EngineMetrics observer(metrics);
  engine::StepReport step;
  step.waiting_calls = 3;
  step.waiting_branches = 12;
  step.running_branches = 8;
  step.kv_bytes_used = 1000;
  step.kv_bytes_total = 4000;
  step.decode_tokens = 8;
  step.step_time = absl::Milliseconds(2);
  observer.OnStep(step);
  step.running_branches = 7;
  observer.OnStep(step);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("\nstagebeam_engine_waiting_calls 3\n"));
  EXPECT_THAT(text, HasSubstr("\nstagebeam_engine_waiting_branches 12\n"));
  EXPECT_THAT(text, HasSubstr("\nstagebeam_engine_running_branches 7\n"));
  EXPECT_THAT(text, HasSubstr("\nstagebeam_engine_kv_used_bytes 1000\n"));
  EXPECT_THAT(text, HasSubstr("\nstagebeam_engine_kv_capacity_bytes 4000\n"));
  EXPECT_THAT(text, HasSubstr("\nstagebeam_engine_decode_tokens_total 16\n"));
  EXPECT_THAT(text,
              HasSubstr("\nstagebeam_engine_decode_step_seconds_count 2\n"));
  EXPECT_THAT(text,
              HasSubstr("\nstagebeam_engine_prefill_step_seconds_count 0\n"));
}

TEST(EngineMetrics, TellsReusedPromptTokensFromComputedOnes) {
  serving::Metrics metrics("test");
  EngineMetrics observer(metrics);
  engine::CallUsage usage;
  usage.prompt_token_count = 100;
  usage.reused_token_count = 90;
  usage.generated_token_count = 7;
  observer.OnCall(usage);
  const std::string text = metrics.Text();
  EXPECT_THAT(text,
              HasSubstr("\nstagebeam_engine_prefix_tokens_reused_total 90\n"));
  EXPECT_THAT(
      text, HasSubstr("\nstagebeam_engine_prefix_tokens_computed_total 10\n"));
  EXPECT_THAT(text, HasSubstr("\nstagebeam_engine_generated_tokens_total 7\n"));
}

TEST(EngineMetrics, WaitingCountsWhetherOrNotTheCallGotItsPlace) {
  serving::Metrics metrics("test");
  EngineMetrics observer(metrics);
  observer.OnQueueLeft(absl::Milliseconds(30));
  observer.OnQueueLeft(absl::Seconds(2));
  engine::CallUsage usage;
  usage.queue_time = absl::Milliseconds(30);
  observer.OnCall(usage);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("\nstagebeam_engine_queue_seconds_count 2\n"));
  EXPECT_THAT(text,
              HasSubstr("stagebeam_engine_queue_seconds_bucket{le=\"1\"} 1\n"));
}

TEST(StoreMetrics, CountsByTierAndOutcome) {
  serving::Metrics metrics("test");
  StoreMetrics observer(metrics);
  observer.OnGet("redis", features::GetOutcome::kHit, absl::Milliseconds(1),
                 10);
  observer.OnGet("redis", features::GetOutcome::kHit, absl::Milliseconds(1),
                 10);
  observer.OnPut("memory", features::PutOutcome::kStored, absl::Milliseconds(1),
                 10);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("stagebeam_feature_store_gets_total{outcome="
                              "\"hit\",tier=\"redis\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("stagebeam_feature_store_puts_total{outcome="
                              "\"stored\",tier=\"memory\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("stagebeam_feature_store_read_bytes_total{tier="
                              "\"redis\"} 20\n"));
  EXPECT_THAT(text, HasSubstr("stagebeam_feature_store_written_bytes_total{"
                              "tier=\"memory\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("stagebeam_feature_store_put_seconds_count{tier="
                              "\"memory\"} 1\n"));
}

TEST(StoreMetrics, ATierStartsWithEveryOutcomeAtZero) {
  serving::Metrics metrics("test");
  StoreMetrics observer(metrics);
  observer.OnTier("redis");
  const std::string text = metrics.Text();
  for (const char* outcome : {"hit", "miss", "corrupt", "error", "skipped"}) {
    EXPECT_THAT(text,
                HasSubstr("stagebeam_feature_store_gets_total{outcome=\"" +
                          std::string(outcome) + "\",tier=\"redis\"} 0\n"));
  }
  EXPECT_THAT(text, HasSubstr("stagebeam_feature_store_puts_total{outcome="
                              "\"error\",tier=\"redis\"} 0\n"));
}

TEST(StoreMetrics, CountsOpenBreakersOfRedisServers) {
  serving::Metrics metrics("test");
  StoreMetrics observer(metrics);
  observer.OnRedisServers(2);
  EXPECT_THAT(metrics.Text(), HasSubstr("\nstagebeam_redis_servers 2\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("\nstagebeam_redis_open_breakers 0\n"));
  observer.OnBreaker(true);
  observer.OnBreaker(true);
  observer.OnBreaker(false);
  EXPECT_THAT(metrics.Text(), HasSubstr("\nstagebeam_redis_open_breakers 1\n"));
  EXPECT_THAT(metrics.Text(),
              HasSubstr("\nstagebeam_redis_breaker_openings_total 2\n"));
}

}  // namespace
}  // namespace stagebeam::worker
