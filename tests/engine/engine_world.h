#ifndef STAGEBEAM_TESTS_ENGINE_ENGINE_WORLD_H_
#define STAGEBEAM_TESTS_ENGINE_ENGINE_WORLD_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "libs/engine/engine.h"

namespace stagebeam::engine {

// The reference checkpoint in fp32 with room for everything.
EngineOptions ReferenceOptions();

// Fails the test where the checkpoint does not load.
std::unique_ptr<Engine> LoadEngine(
    const EngineOptions& options = ReferenceOptions(),
    EngineObserver* observer = nullptr);

// Features of the reference checkpoint's shape, drawn at random: another
// picture for each seed.
Features RandomFeatures(const Engine& engine, int seed, int tile_count = 2);

// A picture of RandomFeatures; `loads` counts how often it is asked for.
ImagePrompt RandomImage(const Engine& engine, int seed,
                        std::atomic<int>* loads = nullptr);

// A question about a picture (or none), sampled so hot that branches differ:
// the reference checkpoint is sure of its words.
GenerateCall Ask(const Engine& engine, const std::string& question,
                 std::optional<ImagePrompt> image, int branches,
                 int max_new_tokens);

// The call after `call`, which goes on from the branch `tokens`.
GenerateCall Continue(GenerateCall call, const std::vector<int32_t>& tokens);

// Token ids of the branches of the first prompt.
std::vector<std::vector<int32_t>> TokensOf(const GenerateOutput& output);

// Runs the call, which must succeed.
GenerateOutput MustGenerate(Engine& engine, const GenerateCall& call);

// Counts steps, and holds the scheduler thread after one while the gate is
// shut, so that tests need no clock. Thread-safe.
class StepGate : public EngineObserver {
 public:
  void OnStep(const StepReport& report) override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnCall(const CallUsage& usage) override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnQueueLeft(absl::Duration waited) override ABSL_LOCKS_EXCLUDED(mutex_);

  // The next step to end holds the scheduler thread.
  void Shut() ABSL_LOCKS_EXCLUDED(mutex_);
  void Open() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until the scheduler thread is held.
  void AwaitHeld() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until a report satisfies `condition`, and returns that report.
  StepReport AwaitReport(
      const std::function<bool(const StepReport&)>& condition)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // All reports and calls so far.
  std::vector<StepReport> reports() const ABSL_LOCKS_EXCLUDED(mutex_);
  int calls() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Calls that have left the queue.
  int queue_leavers() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  bool shut_ ABSL_GUARDED_BY(mutex_) = false;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int queue_leavers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<StepReport> reports_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_TESTS_ENGINE_ENGINE_WORLD_H_
