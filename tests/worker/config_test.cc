#include "services/worker/config.h"

#include <gmock/gmock.h>

#include <functional>
#include <string>

namespace stagebeam::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

WorkerOptions Good() {
  WorkerOptions options;
  options.engine.checkpoint = "models/reference";
  return options;
}

TEST(WorkerConfig, DefaultsAreValid) {
  EXPECT_TRUE(Validate(Good()).ok()) << Validate(Good());
}

TEST(WorkerConfig, EveryBadOptionIsNamed) {
  const std::pair<const char*, std::function<void(WorkerOptions&)>> cases[] = {
      {"checkpoint",
       [](WorkerOptions& o) { o.engine.checkpoint = "no/such/place"; }},
      {"checkpoint", [](WorkerOptions& o) { o.engine.checkpoint = ""; }},
      {"threads", [](WorkerOptions& o) { o.engine.threads = -1; }},
      {"bos_count", [](WorkerOptions& o) { o.engine.bos_count = 3; }},
      {"kv_bytes", [](WorkerOptions& o) { o.engine.kv_bytes = 0; }},
      {"image_bytes", [](WorkerOptions& o) { o.engine.image_bytes = -5; }},
      {"max_waiting_calls",
       [](WorkerOptions& o) { o.engine.max_waiting_calls = 0; }},
      {"max_running_branches",
       [](WorkerOptions& o) { o.engine.max_running_branches = 63; }},
      {"max_stall",
       [](WorkerOptions& o) { o.engine.max_stall = absl::ZeroDuration(); }},
      {"prefill_chunk", [](WorkerOptions& o) { o.engine.prefill_chunk = 0; }},
      {"max_new_tokens", [](WorkerOptions& o) { o.engine.max_new_tokens = 0; }},
      {"max_context", [](WorkerOptions& o) { o.engine.max_context = -1; }},
      {"feature_memory_bytes",
       [](WorkerOptions& o) { o.features.stack.memory_bytes = -1; }},
      {"feature_budget",
       [](WorkerOptions& o) {
         o.features.stack.budget = absl::ZeroDuration();
       }},
      {"fetch_timeout",
       [](WorkerOptions& o) { o.features.fetch_timeout = absl::Hours(1); }},
  };
  for (const auto& [flag, spoil] : cases) {
    WorkerOptions options = Good();
    spoil(options);
    const absl::Status status = Validate(options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << flag;
    EXPECT_THAT(std::string(status.message()),
                StartsWith("--" + std::string(flag) + ": "));
  }
}

TEST(WorkerConfig, AddressesAreSplitAtCommas) {
  EXPECT_THAT(SplitAddresses(""), IsEmpty());
  EXPECT_THAT(SplitAddresses(" , "), IsEmpty());
  EXPECT_THAT(SplitAddresses("a:1, b:2,"), ElementsAre("a:1", "b:2"));
}

}  // namespace
}  // namespace stagebeam::worker
