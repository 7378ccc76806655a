#ifndef STAGEBEAM_TESTS_FEATURES_SCRIPTED_STORE_H_
#define STAGEBEAM_TESTS_FEATURES_SCRIPTED_STORE_H_

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/features/feature_store.h"
#include "libs/features/store_observer.h"

namespace stagebeam::testing {

// A store that holds what it is given until it is told to fail.
class ScriptedStore : public features::FeatureStore {
 public:
  absl::StatusOr<std::shared_ptr<const features::FeatureBlob>> Get(
      const std::string& key, absl::Time deadline) override {
    absl::MutexLock lock(&mutex_);
    ++get_count;
    last_deadline = deadline;
    if (!failure.ok()) return failure;
    const auto found = blobs.find(key);
    if (found == blobs.end()) return absl::NotFoundError("not here");
    return found->second;
  }
  absl::Status Put(const std::string& key,
                   std::shared_ptr<const features::FeatureBlob> blob,
                   absl::Time deadline) override {
    absl::MutexLock lock(&mutex_);
    ++put_count;
    last_deadline = deadline;
    if (!failure.ok()) return failure;
    blobs[key] = std::move(blob);
    return absl::OkStatus();
  }

  // Read and written by the test while no other thread calls.
  absl::Status failure;
  std::map<std::string, std::shared_ptr<const features::FeatureBlob>> blobs;
  int get_count = 0;
  int put_count = 0;
  absl::Time last_deadline;

 private:
  absl::Mutex mutex_;
};

// Keeps the outcomes it hears of, as "tier outcome", and the breakers' changes.
class RecordingObserver : public features::StoreObserver {
 public:
  void OnGet(std::string_view tier, features::GetOutcome outcome,
             absl::Duration elapsed, int64_t bytes) override {
    absl::MutexLock lock(&mutex_);
    gets_.push_back(std::string(tier) + " " +
                    std::string(features::OutcomeName(outcome)));
  }
  void OnPut(std::string_view tier, features::PutOutcome outcome,
             absl::Duration elapsed, int64_t bytes) override {
    absl::MutexLock lock(&mutex_);
    puts_.push_back(std::string(tier) + " " +
                    std::string(features::OutcomeName(outcome)));
  }

  void OnTier(std::string_view tier) override {
    absl::MutexLock lock(&mutex_);
    tiers_.emplace_back(tier);
  }
  void OnRedisServers(int count) override {
    absl::MutexLock lock(&mutex_);
    servers_ += count;
  }
  void OnBreaker(bool open) override {
    absl::MutexLock lock(&mutex_);
    breakers_.emplace_back(open ? "opened" : "closed");
  }

  int servers() {
    absl::MutexLock lock(&mutex_);
    return servers_;
  }
  // What came since the last call.
  std::vector<std::string> TakeTiers() { return Take(tiers_); }
  std::vector<std::string> TakeBreakers() { return Take(breakers_); }
  std::vector<std::string> TakeGets() { return Take(gets_); }
  std::vector<std::string> TakePuts() { return Take(puts_); }

 private:
  std::vector<std::string> Take(std::vector<std::string>& all) {
    absl::MutexLock lock(&mutex_);
    return std::exchange(all, {});
  }

  absl::Mutex mutex_;
  int servers_ = 0;
  std::vector<std::string> tiers_;
  std::vector<std::string> breakers_;
  std::vector<std::string> gets_;
  std::vector<std::string> puts_;
};

}  // namespace stagebeam::testing

#endif  // STAGEBEAM_TESTS_FEATURES_SCRIPTED_STORE_H_
