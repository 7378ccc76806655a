#include "libs/remote/judge_conversion.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "libs/remote/duration_conversion.h"
#include "libs/remote/feature_conversion.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::remote {
inference::Verdict FromProto(const judge::v1::Verdict& proto) {
  return {.first_is_better = proto.first_is_better(),
          .confidence = proto.confidence(),
          .rationale = proto.rationale(),
          .unparsed = proto.unparsed()};
}

judge::v1::Verdict ToProto(const inference::Verdict& verdict) {
  judge::v1::Verdict proto;
  proto.set_first_is_better(verdict.first_is_better);
  proto.set_confidence(verdict.confidence);
  proto.set_rationale(verdict.rationale);
  proto.set_unparsed(verdict.unparsed);
  return proto;
}

inference::JudgeUsage FromProto(const judge::v1::JudgeUsage& proto) {
  return {.prompt_token_count = proto.prompt_token_count(),
          .reused_token_count = proto.reused_token_count(),
          .generated_token_count = proto.generated_token_count(),
          .queue_time = FromProto(proto.queue_time()),
          .compute_time = FromProto(proto.compute_time())};
}

judge::v1::JudgeUsage ToProto(const inference::JudgeUsage& usage) {
  judge::v1::JudgeUsage proto;
  proto.set_prompt_token_count(usage.prompt_token_count);
  proto.set_reused_token_count(usage.reused_token_count);
  proto.set_generated_token_count(usage.generated_token_count);
  *proto.mutable_queue_time() = ToProto(usage.queue_time);
  *proto.mutable_compute_time() = ToProto(usage.compute_time);
  return proto;
}

namespace {

// What is neither enum nor message in need of a check.
inference::CompareRequest PlainFields(
    const judge::v1::ComparePairsRequest& proto) {
  inference::CompareRequest request;
  if (proto.has_image()) request.image = FromProto(proto.image());
  request.question = proto.question();
  request.hint = proto.hint();
  request.candidates.assign(proto.candidates().begin(),
                            proto.candidates().end());
  for (const judge::v1::Pair& pair : proto.pairs()) {
    inference::Pair& added = request.pairs.emplace_back(
        inference::Pair{pair.first(), pair.second()});
    if (pair.has_stream()) added.stream = pair.stream();
  }
  request.seed = proto.seed();
  request.session_id = proto.session_id();
  return request;
}

}  // namespace

absl::StatusOr<inference::Subject> FromProto(judge::v1::Subject proto) {
  switch (proto) {
    case judge::v1::SUBJECT_SUMMARY:
      return inference::Subject::kSummary;
    case judge::v1::SUBJECT_CAPTION:
      return inference::Subject::kCaption;
    case judge::v1::SUBJECT_REASONING:
      return inference::Subject::kReasoning;
    case judge::v1::SUBJECT_CONCLUSION:
      return inference::Subject::kConclusion;
    case judge::v1::SUBJECT_SENTENCE:
      return inference::Subject::kSentence;
    case judge::v1::SUBJECT_RESPONSE:
      return inference::Subject::kResponse;
    case judge::v1::SUBJECT_UNSPECIFIED:
      return serving::InvalidField("subject", "must be specified");
    default:
      return serving::InvalidField(
          "subject", absl::StrCat("unknown value ", static_cast<int>(proto)));
  }
}

judge::v1::Subject ToProto(inference::Subject subject) {
  switch (subject) {
    case inference::Subject::kSummary:
      return judge::v1::SUBJECT_SUMMARY;
    case inference::Subject::kCaption:
      return judge::v1::SUBJECT_CAPTION;
    case inference::Subject::kReasoning:
      return judge::v1::SUBJECT_REASONING;
    case inference::Subject::kConclusion:
      return judge::v1::SUBJECT_CONCLUSION;
    case inference::Subject::kSentence:
      return judge::v1::SUBJECT_SENTENCE;
    case inference::Subject::kResponse:
      return judge::v1::SUBJECT_RESPONSE;
  }
  return judge::v1::SUBJECT_UNSPECIFIED;
}

absl::StatusOr<inference::JudgeMethod> FromProto(judge::v1::Method proto) {
  switch (proto) {
    case judge::v1::METHOD_UNSPECIFIED:
      return inference::JudgeMethod::kDefault;
    case judge::v1::METHOD_SCORE:
      return inference::JudgeMethod::kScore;
    case judge::v1::METHOD_SCORE_BOTH_ORDERS:
      return inference::JudgeMethod::kScoreBothOrders;
    case judge::v1::METHOD_WRITE:
      return inference::JudgeMethod::kWrite;
    default:
      return serving::InvalidField(
          "method", absl::StrCat("unknown value ", static_cast<int>(proto)));
  }
}

judge::v1::Method ToProto(inference::JudgeMethod method) {
  switch (method) {
    case inference::JudgeMethod::kDefault:
      return judge::v1::METHOD_UNSPECIFIED;
    case inference::JudgeMethod::kScore:
      return judge::v1::METHOD_SCORE;
    case inference::JudgeMethod::kScoreBothOrders:
      return judge::v1::METHOD_SCORE_BOTH_ORDERS;
    case inference::JudgeMethod::kWrite:
      return judge::v1::METHOD_WRITE;
  }
  return judge::v1::METHOD_UNSPECIFIED;
}

absl::StatusOr<inference::CompareRequest> FromProto(
    const judge::v1::ComparePairsRequest& proto) {
  const absl::StatusOr<inference::Subject> subject = FromProto(proto.subject());
  if (!subject.ok()) return subject.status();
  const absl::StatusOr<inference::JudgeMethod> method =
      FromProto(proto.method());
  if (!method.ok()) return method.status();
  inference::CompareRequest request = PlainFields(proto);
  request.subject = *subject;
  request.method = *method;
  return request;
}

judge::v1::ComparePairsRequest ToProto(
    const inference::CompareRequest& request) {
  judge::v1::ComparePairsRequest proto;
  if (request.image.has_value()) {
    *proto.mutable_image() = ToProto(*request.image);
  }
  proto.set_question(request.question);
  proto.set_subject(ToProto(request.subject));
  proto.set_hint(request.hint);
  for (const std::string& text : request.candidates) proto.add_candidates(text);
  for (const inference::Pair& pair : request.pairs) {
    judge::v1::Pair& added = *proto.add_pairs();
    added.set_first(pair.first);
    added.set_second(pair.second);
    if (pair.stream) added.set_stream(*pair.stream);
  }
  proto.set_method(ToProto(request.method));
  proto.set_seed(request.seed);
  proto.set_session_id(request.session_id);
  return proto;
}

inference::CompareResult FromProto(
    const judge::v1::ComparePairsResponse& proto) {
  inference::CompareResult result;
  for (const judge::v1::Verdict& verdict : proto.verdicts()) {
    result.verdicts.push_back(FromProto(verdict));
  }
  result.usage = FromProto(proto.usage());
  return result;
}

judge::v1::ComparePairsResponse ToProto(
    const inference::CompareResult& result) {
  judge::v1::ComparePairsResponse proto;
  for (const inference::Verdict& verdict : result.verdicts) {
    *proto.add_verdicts() = ToProto(verdict);
  }
  *proto.mutable_usage() = ToProto(result.usage);
  return proto;
}

}  // namespace stagebeam::remote
