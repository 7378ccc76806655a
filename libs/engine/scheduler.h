#ifndef STAGEBEAM_LIBS_ENGINE_SCHEDULER_H_
#define STAGEBEAM_LIBS_ENGINE_SCHEDULER_H_

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/engine/call.h"
#include "libs/engine/call_queue.h"
#include "libs/engine/feature_check.h"
#include "libs/engine/image_memory.h"
#include "libs/engine/prefill_pace.h"
#include "libs/engine/prefix_tree.h"
#include "libs/engine/running_call.h"
#include "libs/engine/sampler.h"
#include "libs/engine/step.h"
#include "libs/engine/text_model.h"

namespace stagebeam::engine {

// What the scheduler runs on and within which limits. The pointers outlive it.
struct SchedulerSetup {
  const TextModel* model = nullptr;
  const tokens::Tokenizer* tokenizer = nullptr;
  // May be null.
  EngineObserver* observer = nullptr;
  // End of turn.
  std::vector<int32_t> end_ids;
  int32_t image_id = 0;
  // Tokens in front of <|image|>.
  std::vector<int32_t> head;
  FeatureShape features;
  int64_t kv_bytes = 0;
  int64_t image_bytes = 0;
  // Of one picture, all stored tiles and the head.
  int64_t bytes_per_image = 0;
  int max_waiting_calls = 0;
  int max_running_branches = 0;
  int prefill_chunk = 0;
  absl::Duration max_stall;
  int threads = 0;
};

// Runs calls together on one model. One thread takes them in between steps,
// computes a bounded number of prompt tokens and one token of every running
// branch a step, and lets go of whoever has ended.
//
// Thread-safe. The destructor ends all calls with CANCELLED and waits until
// their threads have left.
class Scheduler {
 public:
  explicit Scheduler(SchedulerSetup setup);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Blocks until the call has ended. First come, first served: nobody gets a
  // place in front of a call that waits longer. Errors as Engine::Generate.
  absl::StatusOr<CallResult> Run(CallRequest request);

 private:
  // On the caller's thread.
  absl::StatusOr<CallResult> Await(CallTicket& ticket);
  absl::StatusOr<Features> LoadFeatures(const CallTicket& ticket) const;
  // On either thread.
  void TellQueueLeft(const CallTicket& ticket) const;

  // On the scheduler thread.
  void Loop();
  // True where a step was run.
  bool RunRound();
  bool Round();
  void Admit();
  // False where the call has to wait on.
  bool TryAdmit(const std::shared_ptr<CallTicket>& ticket);
  absl::Status AdmitSafely(const std::shared_ptr<CallTicket>& ticket,
                           bool& admitted);
  bool HasPlaces(const CallRequest& request) const;

  void TakeFeatures();
  void AskLoaders();
  absl::Status BuildImage(KnownImage& image, const Features& features) const;
  void FinishHead(KnownImage& image);
  void FailImage(const ImageRef& image, const absl::Status& status);

  Step PlanStep();
  void AddHeads(Step& step);
  void AddPrefill(Step& step);
  void RunStep(Step& step);
  void FailStep(const Step& step, const absl::Status& status);

  void Sweep();
  void Dismiss(RunningCall& call);
  void FailAll(const absl::Status& status);
  void Report(const Step& step, absl::Duration time) const;

  const SchedulerSetup setup_;
  CallQueue queue_;

  // The scheduler thread's own. The budget outlives what leases from it.
  KeyValueBudget budget_;
  PrefixTree prefixes_;
  ImageMemory images_;
  Sampler sampler_;
  const CallSurroundings around_;
  std::vector<std::unique_ptr<RunningCall>> running_;
  PrefillPace pace_;

  std::thread thread_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_SCHEDULER_H_
