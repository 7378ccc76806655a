// Workers that come, go, drain and die while questions are asked all the time:
// no question fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/questions.h"

namespace stagebeam::testing {
namespace {

using orchestrator::v1::DEGRADATION_KIND_JUDGE_UNAVAILABLE;
using orchestrator::v1::OrchestratorService;
using orchestrator::v1::ReasonRequest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Minutes(2);
// From listing a replica to the end of its first call.
constexpr absl::Duration kInUse = absl::Seconds(5);
// Each new session has some replica as its first choice: with so many callers,
// there soon is one for each.
constexpr int kCallers = 6;
constexpr char kCalls[] = "stagebeam_rpc_requests_total";
constexpr char kGenerate[] = "GeneratorService";
constexpr char kCompare[] = "JudgeService";

// Callers that ask one question after the other, each a session of its own.
class Load {
 public:
  Load(Cluster& cluster, int callers) {
    for (int i = 0; i < callers; ++i) {
      clients_.push_back(cluster.NewClient());
      threads_.emplace_back([this, i] { Ask(i); });
    }
  }
  ~Load() { Stop(); }

  // Blocks until `count` more questions were answered.
  void AwaitAnswers(int count) {
    absl::MutexLock lock(&mutex_);
    const int goal = answers_ + count;
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return answers_ >= goal || !failures_.empty();
    };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&reached), kPatience))
        << "no answers";
  }
  // Ends the load; the errors that callers got.
  std::vector<std::string> Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    absl::MutexLock lock(&mutex_);
    return failures_;
  }

 private:
  void Ask(int caller) {
    ReasonRequest request = AskWithDuels();
    request.mutable_search()->mutable_stage_beam()->set_candidate_count(2);
    for (int i = 0; !stopping_; ++i) {
      request.mutable_search()->mutable_sampling()->set_seed(1000 * caller + i);
      const Reply reply = Reason(*clients_[caller], request);
      absl::MutexLock lock(&mutex_);
      ++answers_;
      if (!reply.status.ok()) {
        failures_.push_back(reply.status.error_message());
      }
      for (const auto& degradation : reply.response.degradations()) {
        // What a lost judge would leave behind.
        if (degradation.kind() == DEGRADATION_KIND_JUDGE_UNAVAILABLE) {
          failures_.push_back(degradation.ShortDebugString());
        }
      }
    }
  }

  std::atomic<bool> stopping_ = false;
  absl::Mutex mutex_;
  int answers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> failures_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<OrchestratorService::Stub>> clients_;
  std::vector<std::thread> threads_;
};

// The replicas of one service, listed in a file that the orchestrator reads.
class Fleet {
 public:
  Fleet(std::string kind, const ScratchDirectory& directory)
      : kind_(std::move(kind)), directory_(directory) {}

  // For the orchestrator.
  std::string flag() const {
    return absl::StrCat("--", kind_, "s=file://", path());
  }

  ServiceProcess& operator[](size_t i) { return *replicas_[i]; }
  size_t size() const { return replicas_.size(); }

  // Starts replicas, and returns once they serve. They are not listed yet.
  void Launch(int count, Cluster& cluster) {
    const std::vector<std::string> flags = {
        absl::StrCat("--redis=", cluster.redis().address()),
        absl::StrCat("--encoder=", cluster.encoder().address())};
    const size_t old = replicas_.size();
    for (int i = 0; i < count; ++i) {
      replicas_.push_back(
          std::make_unique<ServiceProcess>(kind_, flags, directory_));
      ASSERT_NO_FATAL_FAILURE(replicas_.back()->Launch());
    }
    for (size_t i = old; i < replicas_.size(); ++i) {
      const absl::Status status =
          replicas_[i]->AwaitServing(absl::Now() + kPatience);
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  // Lists all replicas from the `first` on.
  void List(size_t first = 0) const {
    const std::string draft = path() + ".draft";
    {
      std::ofstream file(draft);
      for (size_t i = first; i < replicas_.size(); ++i) {
        file << replicas_[i]->address() << "\n";
      }
    }
    ASSERT_EQ(std::rename(draft.c_str(), path().c_str()), 0);
  }

  // Drains the oldest replicas, which must end well, and forgets them.
  void Retire(size_t count) {
    for (size_t i = 0; i < count; ++i) replicas_[i]->process().Signal(SIGTERM);
    for (size_t i = 0; i < count; ++i) {
      const auto code = replicas_[i]->process().Wait(absl::Now() + kPatience);
      ASSERT_TRUE(code.ok()) << code.status();
      EXPECT_EQ(*code, 0) << replicas_[i]->Log();
    }
    replicas_.erase(replicas_.begin(), replicas_.begin() + count);
  }

 private:
  std::string path() const { return directory_.File(kind_ + "s"); }

  const std::string kind_;
  const ScratchDirectory& directory_;
  std::vector<std::unique_ptr<ServiceProcess>> replicas_;
};

// Waits until a replica has answered a call; how long after `start` that was.
absl::Duration TimeUntilUsed(ServiceProcess& replica, const std::string& method,
                             absl::Time start = absl::Now()) {
  while (replica.Metric(kCalls, method) == 0 &&
         absl::Now() < start + kPatience) {
    // A pause that ends early if the process does.
    replica.process()
        .Wait(absl::Now() + absl::Milliseconds(20))
        .status()
        .IgnoreError();
  }
  return absl::Now() - start;
}

class ScalingTest : public ::testing::Test {
 protected:
  ScalingTest()
      : cluster_({.generators = 0,
                  .judges = 0,
                  .flags = {{"orchestrator",
                             {generators_.flag(), judges_.flag()}}}}) {}

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(cluster_.Start());
    ASSERT_NO_FATAL_FAILURE(generators_.Launch(1, cluster_));
    ASSERT_NO_FATAL_FAILURE(judges_.Launch(1, cluster_));
    generators_.List();
    judges_.List();
    AwaitReplicas("serving", 1);
  }

  // Until the orchestrator sees that many generators in a state.
  void AwaitReplicas(const std::string& state, double count) {
    const std::string labels =
        absl::StrCat("service=\"generator\",state=\"", state, "\"");
    ServiceProcess& orchestrator = cluster_.orchestrator();
    const absl::Time deadline = absl::Now() + kPatience;
    while (absl::Now() < deadline) {
      if (orchestrator.Metric("stagebeam_worker_replicas", labels) == count) {
        return;
      }
      orchestrator.process()
          .Wait(absl::Now() + absl::Milliseconds(50))
          .status()
          .IgnoreError();
    }
    ADD_FAILURE() << "there are not " << count << " generators " << state
                  << ":\n"
                  << orchestrator.MetricsPage();
  }

  ScratchDirectory directory_;
  Fleet generators_{"generator", directory_};
  Fleet judges_{"judge", directory_};
  Cluster cluster_;
};

TEST_F(ScalingTest, GeneratorsGoFromOneToFourToTwoWithoutAFailedRequest) {
  Load load(cluster_, kCallers);
  load.AwaitAnswers(5);

  ASSERT_NO_FATAL_FAILURE(generators_.Launch(3, cluster_));
  generators_.List();
  const absl::Time listed = absl::Now();
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_LT(TimeUntilUsed(generators_[i], kGenerate, listed), kInUse) << i;
  }
  AwaitReplicas("serving", 4);
  load.AwaitAnswers(10);

  generators_.List(2);
  ASSERT_NO_FATAL_FAILURE(generators_.Retire(2));
  AwaitReplicas("serving", 2);
  load.AwaitAnswers(10);
  EXPECT_THAT(load.Stop(), IsEmpty());
  EXPECT_THAT(cluster_.orchestrator().Log(),
              HasSubstr("\"message\":\"replica went\""));
}

// As a Deployment rolls: each old pod is told to end once its successor
// serves, while names still list it.
TEST_F(ScalingTest, ARollingRestartLosesNoRequest) {
  Load load(cluster_, kCallers);
  load.AwaitAnswers(5);
  for (Fleet* fleet : {&generators_, &judges_}) {
    const char* const method = fleet == &generators_ ? kGenerate : kCompare;
    for (int round = 0; round < 2; ++round) {
      ASSERT_NO_FATAL_FAILURE(fleet->Launch(1, cluster_));
      fleet->List();
      EXPECT_LT(TimeUntilUsed((*fleet)[1], method), kInUse);
      ASSERT_NO_FATAL_FAILURE(fleet->Retire(1));
      fleet->List();
    }
  }
  load.AwaitAnswers(10);
  EXPECT_THAT(load.Stop(), IsEmpty());
}

TEST_F(ScalingTest, AKilledReplicaCostsNoRequest) {
  ASSERT_NO_FATAL_FAILURE(generators_.Launch(1, cluster_));
  generators_.List();
  Load load(cluster_, kCallers);
  TimeUntilUsed(generators_[1], kGenerate);
  load.AwaitAnswers(5);
  generators_[0].process().Signal(SIGKILL);
  AwaitReplicas("unreachable", 1);
  load.AwaitAnswers(10);
  // It starts again at the same address.
  ASSERT_NO_FATAL_FAILURE(generators_[0].Launch());
  EXPECT_LT(TimeUntilUsed(generators_[0], kGenerate), kPatience);
  EXPECT_THAT(load.Stop(), IsEmpty());
}

}  // namespace
}  // namespace stagebeam::testing
