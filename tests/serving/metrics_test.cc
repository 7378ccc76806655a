#include "libs/serving/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace stagebeam::serving {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, SameNameAndLabelsAreOneMetric) {
  Metrics metrics("judge");
  const Counter first =
      metrics.AddCounter("stagebeam_x_total", "X.", {{"a", "1"}});
  const Counter second =
      metrics.AddCounter("stagebeam_x_total", "X.", {{"a", "1"}});
  const Counter other =
      metrics.AddCounter("stagebeam_x_total", "X.", {{"a", "2"}});
  first.Increment();
  second.Increment(2);
  EXPECT_EQ(first.Value(), 3);
  EXPECT_EQ(other.Value(), 0);
}

TEST(Metrics, CountersOnlyRise) {
  Metrics metrics("judge");
  const Counter counter = metrics.AddCounter("stagebeam_x_total", "X.");
  counter.Increment(2);
  counter.Increment(-1);
  EXPECT_EQ(counter.Value(), 2);
}

TEST(Metrics, GaugesOfManyThreadsAddUp) {
  Metrics metrics("judge");
  const Gauge gauge = metrics.AddGauge("stagebeam_x", "X.");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([gauge] {
      for (int k = 0; k < 1000; ++k) gauge.Add(k % 2 == 0 ? 3 : -2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(gauge.Value(), 8 * 500);
}

TEST(Metrics, ThePageShowsBuildAndStart) {
  Metrics metrics("judge");
  EXPECT_THAT(metrics.Text(),
              HasSubstr("stagebeam_build_info{service=\"judge\",version=\""));
  EXPECT_THAT(metrics.Text(),
              HasSubstr("stagebeam_process_start_time_seconds"));
}

TEST(Metrics, HistogramsCountIntoTheirBuckets) {
  Metrics metrics("judge");
  metrics.AddHistogram("stagebeam_x_seconds", "X.", {1, 2}).Observe(1.5);
  EXPECT_THAT(metrics.Text(),
              HasSubstr("stagebeam_x_seconds_bucket{le=\"1\"} 0"));
  EXPECT_THAT(metrics.Text(),
              HasSubstr("stagebeam_x_seconds_bucket{le=\"2\"} 1"));
}

TEST(Metrics, BucketListsRise) {
  for (const Buckets& buckets :
       {CallSeconds(), StepSeconds(), PowersOfTwo(64)}) {
    ASSERT_FALSE(buckets.empty());
    for (size_t i = 1; i < buckets.size(); ++i) {
      EXPECT_LT(buckets[i - 1], buckets[i]);
    }
  }
  EXPECT_EQ(PowersOfTwo(64).size(), 7u);
}

// Runs promtool over `text`; its findings, or what kept it from running.
std::string PromtoolFindings(const std::string& text) {
  const std::string stem =
      testing::TempDir() + "page." + std::to_string(getpid());
  std::ofstream(stem) << text;
  const std::string command =
      "promtool check metrics < " + stem + " > " + stem + ".out 2>&1";
  const int code = std::system(command.c_str());
  std::ifstream findings(stem + ".out");
  std::string found(std::istreambuf_iterator<char>(findings), {});
  std::remove(stem.c_str());
  std::remove((stem + ".out").c_str());
  return code == 0 ? found : "failed: " + found;
}

TEST(Metrics, PromtoolFindsNothingToSay) {
  Metrics metrics("judge");
  metrics.AddCounter("stagebeam_rpc_requests_total", "Calls.",
                     {{"method", "/a.B/C"}, {"code", "OK"}});
  metrics.AddGauge("stagebeam_rpc_in_flight_calls", "Calls that run now.");
  metrics.AddHistogram("stagebeam_rpc_seconds", "Seconds.", CallSeconds())
      .Observe(1);
  metrics.AddCounter("stagebeam_odd_total", "Odd.",
                     {{"text", "quote \" slash \\ line \n end"}});
  EXPECT_EQ(PromtoolFindings(metrics.Text()), "");
}

TEST(Metrics, PromtoolIsReallyAsked) {
  EXPECT_THAT(PromtoolFindings("this is no metric\n"), Not(""));
}

}  // namespace
}  // namespace stagebeam::serving
