#include "services/judge/config.h"

#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"

ABSL_FLAG(std::string, method, "score_both_orders",
          "How pairs are decided where a call does not say: score, "
          "score_both_orders or write");
ABSL_FLAG(std::string, prompts, "",
          "File with the judge's wording; empty: judge_prompts.json of the "
          "checkpoint, "
          "and a built-in wording where there is none");

namespace stagebeam::judge {
namespace {

absl::StatusOr<inference::JudgeMethod> ParseMethod(const std::string& name) {
  if (name == "score") return inference::JudgeMethod::kScore;
  if (name == "score_both_orders")
    return inference::JudgeMethod::kScoreBothOrders;
  if (name == "write") return inference::JudgeMethod::kWrite;
  return serving::InvalidField("method",
                               "must be score, score_both_orders or write");
}

}  // namespace

absl::StatusOr<JudgeConfig> ConfigFromFlags() {
  auto server = serving::ServerOptionsFromFlags();
  if (!server.ok()) return server.status();
  auto worker = worker::WorkerOptionsFromFlags();
  if (!worker.ok()) return worker.status();
  const auto method = ParseMethod(absl::GetFlag(FLAGS_method));
  if (!method.ok()) return method.status();
  std::string prompts = absl::GetFlag(FLAGS_prompts);
  if (prompts.empty())
    prompts = absl::StrCat(worker->engine.checkpoint, "/judge_prompts.json");
  return JudgeConfig{*std::move(server), *std::move(worker), *method,
                     std::move(prompts)};
}

}  // namespace stagebeam::judge
