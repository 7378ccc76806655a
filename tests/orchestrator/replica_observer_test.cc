#include "services/orchestrator/replica_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stagebeam::orchestrator {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReplicaObserverTest : public ::testing::Test {
 protected:
  double Replicas(const std::string& state) {
    return metrics_
        .AddGauge("stagebeam_worker_replicas", "",
                  {{"service", "generator"}, {"state", state}})
        .Value();
  }
  double Moves(const std::string& reason) {
    return metrics_
        .AddCounter("stagebeam_session_moves_total", "",
                    {{"service", "generator"}, {"reason", reason}})
        .Value();
  }

  std::vector<std::string> lines_;
  const serving::Logger logger_{
      serving::LogLevel::kInfo,
      [this](std::string_view line) { lines_.emplace_back(line); }};
  serving::Metrics metrics_{"orchestrator"};
  ReplicaObserver observer_{"generator", metrics_, logger_};
};

TEST_F(ReplicaObserverTest, EverySeriesIsThereFromTheBeginning) {
  const std::string page = metrics_.Text();
  for (const char* state :
       {"serving", "connecting", "unreachable", "ejected", "leaving"}) {
    EXPECT_THAT(page, HasSubstr(std::string("stagebeam_worker_replicas{service="
                                            "\"generator\",state=\"") +
                                state + "\"} 0"));
  }
  for (const char* reason : {"gone", "unreachable", "failed", "full", "busy"}) {
    EXPECT_THAT(
        page, HasSubstr(std::string("stagebeam_session_moves_total{reason=\"") +
                        reason + "\",service=\"generator\"} 0"));
  }
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ReplicaObserverTest, ReplicasAreCountedByState) {
  observer_.OnCounts({.serving = 1,
                      .connecting = 2,
                      .unreachable = 3,
                      .ejected = 4,
                      .leaving = 5});
  observer_.OnCounts({.serving = 6, .unreachable = 3});
  EXPECT_EQ(Replicas("serving"), 6);
  EXPECT_EQ(Replicas("connecting"), 0);
  EXPECT_EQ(Replicas("unreachable"), 3);
  EXPECT_EQ(Replicas("leaving"), 0);
}

TEST_F(ReplicaObserverTest, MovesAreCountedByReason) {
  observer_.OnMove(remote::MoveReason::kGone);
  observer_.OnMove(remote::MoveReason::kFull);
  observer_.OnMove(remote::MoveReason::kFull);
  EXPECT_EQ(Moves("gone"), 1);
  EXPECT_EQ(Moves("full"), 2);
  EXPECT_EQ(Moves("busy"), 0);
}

TEST_F(ReplicaObserverTest, ComingAndGoingAreLogLines) {
  observer_.OnCome("10.0.0.1:50051");
  observer_.OnGo("10.0.0.2:50051");
  observer_.OnLookUp(absl::UnavailableError("'generator' does not resolve"));
  observer_.OnLookUp(absl::OkStatus());
  const auto about = [](const char* message, const char* detail) {
    return AllOf(HasSubstr(message), HasSubstr("\"service\":\"generator\""),
                 HasSubstr(detail));
  };
  EXPECT_THAT(
      lines_,
      ElementsAre(about("replica came", "\"replica\":\"10.0.0.1:50051\""),
                  about("replica went", "\"replica\":\"10.0.0.2:50051\""),
                  about("cannot look replicas up", "does not resolve"),
                  about("replicas found again", "\"level\":\"info\"")));
}

}  // namespace
}  // namespace stagebeam::orchestrator
