#ifndef STAGEBEAM_TESTS_ORCHESTRATOR_SCRIPTED_WORKERS_H_
#define STAGEBEAM_TESTS_ORCHESTRATOR_SCRIPTED_WORKERS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "libs/inference/encoder.h"
#include "libs/inference/generator.h"
#include "libs/inference/judge.h"

// Workers in this process that answer by script, in place of remote ones.
namespace stagebeam::orchestrator {

// Features with the key "features of <image>".
inference::ImageFeatures FeaturesOf(std::string_view image);

// Counts encodings; "broken" is no picture.
class ScriptedEncoder : public inference::Encoder {
 public:
  absl::StatusOr<inference::EncodeResult> EncodeImage(
      const inference::RequestContext& context,
      std::string_view image) override;
  int encodings() const;

 private:
  mutable absl::Mutex mutex_;
  int encodings_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Writes well-formed text up to the stop string, "<stage> <seed> <index>",
// unless a script says otherwise.
class ScriptedGenerator : public inference::Generator {
 public:
  using Script = std::function<absl::StatusOr<inference::GenerateResult>(
      const inference::RequestContext&, const inference::GenerateRequest&)>;
  using StreamScript = std::function<absl::StatusOr<inference::GenerateResult>(
      const inference::RequestContext&, const inference::GenerateRequest&,
      const inference::CandidateListener&)>;

  absl::StatusOr<inference::GenerateResult> GenerateCandidates(
      const inference::RequestContext& context,
      const inference::GenerateRequest& request,
      const inference::CandidateListener& on_end) override;
  // What the generator does without a script.
  static inference::GenerateResult WellFormed(
      const inference::GenerateRequest& request);

  // Set before use. The second is for calls with a listener.
  Script script;
  StreamScript stream_script;
  std::vector<inference::GenerateRequest> requests() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<inference::GenerateRequest> requests_ ABSL_GUARDED_BY(mutex_);
};

// The second of a pair wins, unless a script says otherwise.
class ScriptedJudge : public inference::Judge {
 public:
  using Script = std::function<absl::StatusOr<inference::CompareResult>(
      const inference::RequestContext&, const inference::CompareRequest&)>;

  absl::StatusOr<inference::CompareResult> ComparePairs(
      const inference::RequestContext& context,
      const inference::CompareRequest& request) override;
  static inference::CompareResult SecondWins(
      const inference::CompareRequest& request);

  Script script;
  std::vector<inference::CompareRequest> requests() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<inference::CompareRequest> requests_ ABSL_GUARDED_BY(mutex_);
};

// Blocks until the context is cancelled; CANCELLED then.
absl::Status WaitUntilCancelled(const inference::RequestContext& context);

}  // namespace stagebeam::orchestrator

#endif  // STAGEBEAM_TESTS_ORCHESTRATOR_SCRIPTED_WORKERS_H_
