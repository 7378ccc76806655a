#include "libs/engine/call_check.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/engine/prompt_plan.h"
#include "libs/engine/running_call.h"

namespace stagebeam::engine {
namespace {

constexpr int kMostBranches = 64;
constexpr int kMostStopStrings = 8;
constexpr double kHighestTemperature = 2;

template <typename... Pieces>
absl::Status Invalid(const Pieces&... pieces) {
  return absl::InvalidArgumentError(absl::StrCat(pieces...));
}

absl::Status CheckSampling(const Sampling& sampling) {
  // Written so that NaN fails.
  if (!(sampling.temperature >= 0 &&
        sampling.temperature <= kHighestTemperature)) {
    return Invalid("temperature: ", sampling.temperature, " is not in [0, ",
                   kHighestTemperature, "]");
  }
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) {
    return Invalid("top_p: ", sampling.top_p, " is not in (0, 1]");
  }
  if (sampling.top_k < 0)
    return Invalid("top_k: ", sampling.top_k, " is below 0");
  if (sampling.stage_index < 0) {
    return Invalid("stage_index: ", sampling.stage_index, " is below 0");
  }
  return absl::OkStatus();
}

absl::Status CheckStopping(const Stopping& stopping, int max_new_tokens) {
  if (stopping.stop_strings.size() > kMostStopStrings) {
    return Invalid("stop_strings: ", stopping.stop_strings.size(),
                   " given, at most ", kMostStopStrings);
  }
  if (stopping.max_new_tokens < 0 || stopping.max_new_tokens > max_new_tokens) {
    return Invalid("max_new_tokens: ", stopping.max_new_tokens,
                   " is not in [0, ", max_new_tokens, "]");
  }
  if (stopping.min_new_tokens < 0) {
    return Invalid("min_new_tokens: ", stopping.min_new_tokens, " is below 0");
  }
  return absl::OkStatus();
}

absl::Status CheckPictureTokens(const std::vector<int32_t>& ids,
                                bool with_image, const std::string& name,
                                const CallLimits& limits) {
  const auto pictures = std::count(ids.begin(), ids.end(), limits.image_id);
  if (!with_image) {
    if (pictures == 0) return absl::OkStatus();
    return Invalid(name, ": has <|image|>, but the call has no picture");
  }
  const size_t head = limits.head.size();
  const bool fits =
      pictures == 1 && ids.size() > head && ids[head] == limits.image_id &&
      std::equal(limits.head.begin(), limits.head.end(), ids.begin());
  if (fits) return absl::OkStatus();
  return Invalid(
      name,
      ": must begin with the chat's head and <|image|>, and have it once");
}

absl::Status CheckPrompt(const std::vector<int32_t>& ids, bool with_image,
                         const std::string& name, const CallLimits& limits) {
  if (ids.empty()) return Invalid(name, ": empty");
  for (const int32_t id : ids) {
    if (id < 0 || id >= limits.prompt_ids) {
      return Invalid(name, ": token ", id, " is not in [0, ", limits.prompt_ids,
                     ")");
    }
  }
  return CheckPictureTokens(ids, with_image, name, limits);
}

absl::Status CheckPrompts(const CallRequest& request,
                          const CallLimits& limits) {
  if (request.prompts.empty()) return Invalid("prompts: empty");
  if (request.image && request.image->key.empty())
    return Invalid("image.key: empty");
  if (request.image && !request.image->load)
    return Invalid("image.load: not set");
  for (size_t p = 0; p < request.prompts.size(); ++p) {
    const absl::Status status = CheckPrompt(
        request.prompts[p].prompt_token_ids, request.image.has_value(),
        absl::StrCat("prompts[", p, "].prompt_token_ids"), limits);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckBranches(const CallRequest& request) {
  for (const PromptBranches& prompt : request.prompts) {
    if (prompt.branch_count < 1 || prompt.branch_count > kMostBranches) {
      return Invalid("branch_count: ", prompt.branch_count, " is not in [1, ",
                     kMostBranches, "]");
    }
    if (prompt.first_stream < 0) {
      return Invalid("first_stream: ", prompt.first_stream, " is below 0");
    }
  }
  return absl::OkStatus();
}

int LongestPrompt(const CallRequest& request) {
  size_t longest = 0;
  for (const auto& prompt : request.prompts) {
    longest = std::max(longest, prompt.prompt_token_ids.size());
  }
  return static_cast<int>(longest);
}

// Puts the number in force in place of max_new_tokens 0.
absl::Status FitContext(CallRequest& request, const CallLimits& limits) {
  const int prompt = LongestPrompt(request);
  const int room = limits.max_context - prompt;
  int& wanted = request.stopping.max_new_tokens;
  if (request.is_score()) {
    if (room >= 0) return absl::OkStatus();
    return Invalid("prompts: ", prompt,
                   " tokens are over the context limit of ",
                   limits.max_context);
  }
  if (wanted == 0) wanted = std::max(1, std::min(room, limits.max_new_tokens));
  if (wanted > room) {
    return Invalid("max_new_tokens: prompt of ", prompt, " tokens and ", wanted,
                   " new ones are over the context limit of ",
                   limits.max_context);
  }
  if (request.stopping.min_new_tokens > wanted) {
    return Invalid("min_new_tokens: ", request.stopping.min_new_tokens,
                   " is over max_new_tokens, ", wanted);
  }
  return absl::OkStatus();
}

// Bytes of keys and values that the call takes with nothing held.
int64_t MostBytes(const CallRequest& request, const CallLimits& limits) {
  std::vector<std::span<const int32_t>> bodies;
  for (size_t p = 0; p < request.prompts.size(); ++p) {
    bodies.push_back(request.body(static_cast<int>(p)));
  }
  const std::vector<int> nothing_held(bodies.size(), 0);
  const int64_t sampled =
      int64_t{request.branch_count()} * request.stopping.max_new_tokens;
  return (PlannedTokens(PlanPrefill(bodies, nothing_held)) + sampled) *
         limits.bytes_per_token;
}

absl::Status CheckResources(const CallRequest& request,
                            const CallLimits& limits) {
  const int places = RunningCall::Places(request);
  if (places > limits.max_running_branches) {
    return absl::ResourceExhaustedError(
        absl::StrCat("branches: the call has ", places, ", the engine runs ",
                     limits.max_running_branches));
  }
  const int64_t bytes = MostBytes(request, limits);
  if (bytes > limits.kv_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("key-value memory: the call may take ", bytes,
                     " bytes, the engine has ", limits.kv_bytes));
  }
  if (request.image && limits.bytes_per_image > limits.image_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("picture memory: a picture takes ", limits.bytes_per_image,
                     " bytes, the engine has ", limits.image_bytes));
  }
  return absl::OkStatus();
}

absl::Status CheckChoices(const std::vector<int32_t>& choices,
                          const CallLimits& limits) {
  if (choices.size() < 2)
    return Invalid("choices: ", choices.size(), " given, at least 2");
  for (const int32_t id : choices) {
    if (id < 0 || id >= limits.logit_ids) {
      return Invalid("choices: token ", id, " is not in [0, ", limits.logit_ids,
                     ")");
    }
  }
  return absl::OkStatus();
}

// The checks that both kinds of call share, once their fields are filled in.
absl::StatusOr<CallRequest> CheckRequest(CallRequest request,
                                         const CallLimits& limits) {
  absl::Status status = CheckPrompts(request, limits);
  if (status.ok() && request.image)
    request.head_length = static_cast<int>(limits.head.size());
  if (status.ok()) status = FitContext(request, limits);
  if (status.ok()) status = CheckResources(request, limits);
  if (!status.ok()) return status;
  return request;
}

}  // namespace

absl::StatusOr<CallRequest> CheckCall(const GenerateCall& call,
                                      const CallLimits& limits) {
  CallRequest request;
  request.control = call.control;
  request.image = call.image;
  request.prompts = call.prompts;
  request.sampling = call.sampling;
  request.stopping = call.stopping;
  request.want_token_logprobs = call.want_token_logprobs;
  request.on_branch_end = call.on_branch_end;
  absl::Status status = CheckSampling(call.sampling);
  if (status.ok()) status = CheckStopping(call.stopping, limits.max_new_tokens);
  if (status.ok()) status = CheckBranches(request);
  if (!status.ok()) return status;
  return CheckRequest(std::move(request), limits);
}

absl::StatusOr<CallRequest> CheckCall(const ScoreCall& call,
                                      const CallLimits& limits) {
  const absl::Status status = CheckChoices(call.choices, limits);
  if (!status.ok()) return status;
  CallRequest request;
  request.control = call.control;
  request.image = call.image;
  request.choices = call.choices;
  for (const std::vector<int32_t>& prompt : call.prompts) {
    request.prompts.push_back({.prompt_token_ids = prompt, .branch_count = 0});
  }
  return CheckRequest(std::move(request), limits);
}

}  // namespace stagebeam::engine
