#include "services/orchestrator/request_check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/remote/generator_conversion.h"
#include "libs/remote/judge_conversion.h"
#include "libs/serving/status_conversion.h"
#include "services/orchestrator/image_key.h"

namespace stagebeam::orchestrator {
namespace {

using serving::InvalidField;

constexpr size_t kMaxRequestIdBytes = 128;
constexpr int kMaxCandidateTokens = 1 << 16;
constexpr int kMaxTopK = 1 << 20;
constexpr int kDefaultSentences = 64;

absl::Status CheckRange(std::string_view field, int value, int least,
                        int most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return InvalidField(
      field, absl::StrCat("must be in [", least, ", ", most, "], got ", value));
}

absl::Status CheckRequestId(const std::string& id) {
  const bool printable = std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return absl::ascii_isgraph(c);
  });
  if (id.size() <= kMaxRequestIdBytes && printable) return absl::OkStatus();
  return InvalidField("request_id",
                      absl::StrCat("must be at most ", kMaxRequestIdBytes,
                                   " visible ASCII characters"));
}

absl::Status ReadPicture(const v1::ReasonRequest& request, int64_t max_bytes,
                         Question& question) {
  if (request.has_image_key()) {
    auto features = ParseImageKey(request.image_key());
    if (!features.ok()) return features.status();
    question.features = *std::move(features);
    return absl::OkStatus();
  }
  if (!request.has_image()) {
    return InvalidField("picture", "must have an image or an image_key");
  }
  if (request.image().empty()) {
    return InvalidField("image", "must not be empty");
  }
  const auto bytes = static_cast<int64_t>(request.image().size());
  if (bytes > max_bytes) {
    return InvalidField("image", absl::StrCat("must be at most ", max_bytes,
                                              " bytes, got ", bytes));
  }
  question.image = request.image();
  return absl::OkStatus();
}

absl::Status ReadText(const std::string& text, int64_t max_bytes,
                      Question& question) {
  if (absl::StripAsciiWhitespace(text).empty()) {
    return InvalidField("question", "must not be empty");
  }
  const auto bytes = static_cast<int64_t>(text.size());
  if (bytes > max_bytes) {
    return InvalidField("question", absl::StrCat("must be at most ", max_bytes,
                                                 " bytes, got ", bytes));
  }
  question.text = text;
  return absl::OkStatus();
}

absl::StatusOr<search::Strategy> AdaptiveBeamOf(const v1::AdaptiveBeam& proto) {
  search::AdaptiveBeam beam;
  beam.candidate_count = proto.candidate_count();
  if (proto.initial_candidate_count() != 0)
    beam.initial_candidate_count = proto.initial_candidate_count();
  if (proto.has_sufficient_probability())
    beam.sufficient_probability = proto.sufficient_probability();
  if (proto.has_sufficient_confidence())
    beam.sufficient_confidence = proto.sufficient_confidence();
  return beam;
}

absl::StatusOr<search::Strategy> StrategyOf(const v1::SearchPolicy& policy,
                                            const search::Strategy& otherwise) {
  switch (policy.strategy_case()) {
    case v1::SearchPolicy::kSinglePass:
      return search::SinglePass{};
    case v1::SearchPolicy::kBestOfN:
      return search::BestOfN{policy.best_of_n().candidate_count()};
    case v1::SearchPolicy::kSentenceBeam: {
      const v1::SentenceBeam& beam = policy.sentence_beam();
      const int sentences = beam.max_sentence_count();
      return search::SentenceBeam{
          beam.candidate_count(),
          sentences == 0 ? kDefaultSentences : sentences};
    }
    case v1::SearchPolicy::kStageBeam: {
      const v1::StageBeam& beam = policy.stage_beam();
      const int survivors = beam.survivor_count();
      return search::StageBeam{beam.candidate_count(),
                               survivors == 0 ? 1 : survivors};
    }
    case v1::SearchPolicy::kAdaptiveBeam:
      return AdaptiveBeamOf(policy.adaptive_beam());
    case v1::SearchPolicy::STRATEGY_NOT_SET:
      break;
  }
  return otherwise;
}

// The search names its parameters by strategy; callers know them by policy.
absl::Status CheckStrategy(const search::Strategy& strategy) {
  const absl::Status valid = search::Validate(strategy);
  if (valid.ok()) return valid;
  const std::string message(valid.message());
  const size_t colon = message.find(": ");
  return InvalidField("search." + message.substr(0, colon),
                      message.substr(colon + 2));
}

// Comparisons are written so that NaN fails them.
absl::Status CheckSampling(const inference::SamplingParameters& sampling) {
  if (!(sampling.temperature >= 0 && sampling.temperature <= 2)) {
    return InvalidField(
        "search.sampling.temperature",
        absl::StrCat("must be in [0, 2], got ", sampling.temperature));
  }
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) {
    return InvalidField(
        "search.sampling.top_p",
        absl::StrCat("must be in (0, 1], got ", sampling.top_p));
  }
  return CheckRange("search.sampling.top_k", sampling.top_k, 0, kMaxTopK);
}

absl::Status ReadTokens(const v1::SearchPolicy& policy, int default_tokens,
                        Question& question) {
  const int asked = policy.max_candidate_tokens();
  absl::Status status =
      CheckRange("search.max_candidate_tokens", asked, 0, kMaxCandidateTokens);
  if (!status.ok()) return status;
  question.max_candidate_tokens = asked == 0 ? default_tokens : asked;
  question.min_candidate_tokens = policy.min_candidate_tokens();
  const int most = question.max_candidate_tokens == 0
                       ? kMaxCandidateTokens
                       : question.max_candidate_tokens;
  return CheckRange("search.min_candidate_tokens",
                    question.min_candidate_tokens, 0, most);
}

absl::Status ReadStrategy(const v1::SearchPolicy& policy,
                          const search::Strategy& otherwise,
                          Question& question) {
  auto strategy = StrategyOf(policy, otherwise);
  if (!strategy.ok()) return strategy.status();
  question.strategy = *std::move(strategy);
  return CheckStrategy(question.strategy);
}

absl::StatusOr<search::Decider> DeciderOf(v1::Decider decider) {
  switch (decider) {
    case v1::DECIDER_UNSPECIFIED:
    case v1::DECIDER_JUDGE:
      return search::Decider::kJudge;
    case v1::DECIDER_LOG_PROBABILITY:
      return search::Decider::kLogProbability;
    case v1::DECIDER_CHANCE:
      return search::Decider::kChance;
    case v1::DECIDER_JUDGE_AND_LIKELIHOOD:
      return search::Decider::kJudgeAndLikelihood;
    default:
      return InvalidField("search.decider", "is not a known decider");
  }
}

// Who decides duels, and how.
absl::Status ReadDecider(const v1::SearchPolicy& policy, Question& question) {
  const auto decider = DeciderOf(policy.decider());
  if (!decider.ok()) return decider.status();
  question.decider = *decider;
  const auto method = remote::FromProto(policy.judge_method());
  if (!method.ok()) {
    return InvalidField("search.judge_method", "is not a known method");
  }
  question.judge_method = *method;
  return absl::OkStatus();
}

absl::Status ReadPolicy(const v1::SearchPolicy& policy,
                        const RequestRules& rules, Question& question) {
  question.sampling = remote::FromProto(policy.sampling());
  absl::Status status = ReadDecider(policy, question);
  if (status.ok())
    status = ReadStrategy(policy, rules.default_strategy, question);
  if (status.ok()) status = CheckSampling(question.sampling);
  if (!status.ok()) return status;
  return ReadTokens(policy, rules.default_candidate_tokens, question);
}

}  // namespace

absl::StatusOr<Question> ReadQuestion(const v1::ReasonRequest& request,
                                      const RequestRules& rules) {
  Question question;
  question.request_id = request.request_id();
  absl::Status status = CheckRequestId(request.request_id());
  if (status.ok()) {
    status = ReadPicture(request, rules.max_image_bytes, question);
  }
  if (status.ok()) {
    status = ReadText(request.question(), rules.max_question_bytes, question);
  }
  if (status.ok()) status = ReadPolicy(request.search(), rules, question);
  if (!status.ok()) return status;
  return question;
}

std::string StrategyName(const search::Strategy& strategy) {
  if (std::holds_alternative<search::SinglePass>(strategy)) {
    return "single_pass";
  }
  if (std::holds_alternative<search::BestOfN>(strategy)) return "best_of_n";
  if (std::holds_alternative<search::SentenceBeam>(strategy)) {
    return "sentence_beam";
  }
  if (std::holds_alternative<search::AdaptiveBeam>(strategy)) {
    return "adaptive_beam";
  }
  return "stage_beam";
}

bool GoesByStages(const search::Strategy& strategy) {
  return std::holds_alternative<search::StageBeam>(strategy) ||
         std::holds_alternative<search::AdaptiveBeam>(strategy);
}

}  // namespace stagebeam::orchestrator
