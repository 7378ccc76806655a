#include "services/judge/config.h"

#include <algorithm>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(std::string, method, "score_both_orders",
          "How pairs are decided where a call does not say: score, "
          "score_both_orders or write");
ABSL_FLAG(int, min_verdict_tokens, 0,
          "Tokens of a written verdict at least, [0, max_verdict_tokens]");
ABSL_FLAG(int, max_verdict_tokens, 128,
          "Tokens of a written verdict at most, [1, 1048576]; never more than "
          "max_new_tokens");
ABSL_FLAG(std::string, prompts, "",
          "File with the judge's wording; empty: judge_prompts.json of the "
          "checkpoint, "
          "and a built-in wording where there is none");

namespace stagebeam::judge {
namespace {

constexpr int kMostVerdictTokens = 1 << 20;

absl::StatusOr<inference::JudgeMethod> ParseMethod(const std::string& name) {
  if (name == "score") return inference::JudgeMethod::kScore;
  if (name == "score_both_orders")
    return inference::JudgeMethod::kScoreBothOrders;
  if (name == "write") return inference::JudgeMethod::kWrite;
  return serving::RefuseFlag("method",
                             "must be score, score_both_orders or write");
}

absl::StatusOr<VerdictLength> VerdictLengthFromFlags(int max_new_tokens) {
  const VerdictLength length = {absl::GetFlag(FLAGS_min_verdict_tokens),
                                absl::GetFlag(FLAGS_max_verdict_tokens)};
  absl::Status status = serving::CheckFlag(
      "max_verdict_tokens", length.max_tokens, 1, kMostVerdictTokens);
  if (!status.ok()) return status;
  status = serving::CheckFlag("min_verdict_tokens", length.min_tokens, 0,
                              std::min(length.max_tokens, max_new_tokens));
  if (!status.ok()) return status;
  return length;
}

}  // namespace

absl::StatusOr<JudgeConfig> ConfigFromFlags() {
  auto server = serving::ServerOptionsFromFlags();
  if (!server.ok()) return server.status();
  auto worker = worker::WorkerOptionsFromFlags();
  if (!worker.ok()) return worker.status();
  const auto method = ParseMethod(absl::GetFlag(FLAGS_method));
  if (!method.ok()) return method.status();
  const auto length = VerdictLengthFromFlags(worker->engine.max_new_tokens);
  if (!length.ok()) return length.status();
  std::string prompts = absl::GetFlag(FLAGS_prompts);
  if (prompts.empty())
    prompts = absl::StrCat(worker->engine.checkpoint, "/judge_prompts.json");
  return JudgeConfig{*std::move(server),
                     *std::move(worker),
                     {.default_method = *method, .verdict_length = *length},
                     std::move(prompts)};
}

}  // namespace stagebeam::judge
