#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

#include "libs/remote/duration_conversion.h"
#include "libs/remote/encoder_conversion.h"
#include "libs/remote/feature_conversion.h"
#include "libs/remote/generator_conversion.h"
#include "libs/remote/judge_conversion.h"
#include "libs/serving/status_conversion.h"
#include "tests/remote/random_message.h"

namespace stagebeam::remote {
namespace {

using google::protobuf::util::MessageDifferencer;

// Converts random messages forth, back and forth again: what one conversion
// keeps, the next one must keep too. All fields of the contract must survive
// where `exact`.
template <class Message>
void RoundTrips(bool exact) {
  RandomMessage random(17);
  for (int i = 0; i < 2000; ++i) {
    Message message;
    random.Fill(message);
    const Message once = ToProto(FromProto(message));
    if (exact) {
      EXPECT_TRUE(MessageDifferencer::Equals(message, once))
          << message.DebugString() << once.DebugString();
    }
    const Message twice = ToProto(FromProto(once));
    EXPECT_TRUE(MessageDifferencer::Equals(once, twice))
        << once.DebugString() << twice.DebugString();
  }
}

TEST(Conversion, EveryFieldOfEveryMessageSurvives) {
  RoundTrips<stagebeam::features::v1::ImageFeatures>(true);
  RoundTrips<encoder::v1::EncodeImageResponse>(true);
  RoundTrips<generator::v1::SamplingParameters>(true);
  RoundTrips<generator::v1::StoppingParameters>(true);
  RoundTrips<generator::v1::GenerateCandidatesRequest>(true);
  RoundTrips<generator::v1::GenerateCandidatesResponse>(true);
  RoundTrips<judge::v1::ComparePairsResponse>(true);
}

TEST(Conversion, EveryFieldOfAComparisonSurvives) {
  RandomMessage random(18);
  for (int i = 0; i < 2000; ++i) {
    judge::v1::ComparePairsRequest message;
    random.Fill(message);
    const auto request = FromProto(message);
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_TRUE(MessageDifferencer::Equals(message, ToProto(*request)))
        << message.DebugString();
  }
}

// Bytes of the wire that happen to parse, and messages with fields left out.
TEST(Conversion, AnyMessageConvertsWithoutHarm) {
  std::mt19937 random(19);
  int parsed = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 128);
    generator::v1::GenerateCandidatesRequest generate;
    if (generate.ParseFromString(bytes)) {
      ++parsed;
      ToProto(FromProto(generate));
    }
    judge::v1::ComparePairsRequest compare;
    if (compare.ParseFromString(bytes)) FromProto(compare).IgnoreError();
    generator::v1::GenerateCandidatesResponse generated;
    if (generated.ParseFromString(bytes)) ToProto(FromProto(generated));
    judge::v1::ComparePairsResponse compared;
    if (compared.ParseFromString(bytes)) ToProto(FromProto(compared));
    encoder::v1::EncodeImageResponse encoded;
    if (encoded.ParseFromString(bytes)) ToProto(FromProto(encoded));
  }
  EXPECT_GT(parsed, 50);
}

TEST(Conversion, AbsentSamplingIsTheContractsDefault) {
  const auto request = FromProto(generator::v1::GenerateCandidatesRequest());
  EXPECT_EQ(request.sampling.temperature, 0.6);
  EXPECT_EQ(request.sampling.top_p, 0.9);
  EXPECT_EQ(request.sampling.top_k, 50);
  EXPECT_EQ(request.sampling.seed, 0);
  EXPECT_FALSE(request.image.has_value());
}

TEST(Conversion, ZeroSamplingIsNotAbsent) {
  generator::v1::SamplingParameters proto;
  proto.set_temperature(0);
  proto.set_top_p(0);
  proto.set_top_k(0);
  const inference::SamplingParameters sampling = FromProto(proto);
  EXPECT_EQ(sampling.temperature, 0);
  EXPECT_EQ(sampling.top_p, 0);
  EXPECT_EQ(sampling.top_k, 0);
}

TEST(Conversion, AnUnknownFinishReasonIsALength) {
  EXPECT_EQ(FromProto(generator::v1::FINISH_REASON_UNSPECIFIED),
            inference::FinishReason::kLength);
  EXPECT_EQ(FromProto(static_cast<generator::v1::FinishReason>(99)),
            inference::FinishReason::kLength);
}

TEST(Conversion, SubjectsAndMethodsThatThePortsLackAreNamed) {
  judge::v1::ComparePairsRequest request;
  for (int subject : {0, 99, -1}) {
    request.set_subject(static_cast<judge::v1::Subject>(subject));
    const auto violations =
        serving::FieldViolations(FromProto(request).status());
    ASSERT_EQ(violations.size(), 1u) << subject;
    EXPECT_EQ(violations[0].field, "subject");
  }
  request.set_subject(judge::v1::SUBJECT_SUMMARY);
  request.set_method(static_cast<judge::v1::Method>(99));
  const auto violations = serving::FieldViolations(FromProto(request).status());
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "method");
}

TEST(Conversion, DurationsSurviveToTheNanosecond) {
  for (absl::Duration duration :
       {absl::ZeroDuration(), absl::Nanoseconds(1), absl::Seconds(1.5),
        -absl::Seconds(1.5), absl::Hours(100)}) {
    EXPECT_EQ(FromProto(ToProto(duration)), duration);
  }
}

TEST(Conversion, EndlessDurationsAreClamped) {
  EXPECT_EQ(ToProto(absl::InfiniteDuration()).seconds(), 315'576'000'000);
  EXPECT_EQ(ToProto(-absl::InfiniteDuration()).seconds(), -315'576'000'000);
  google::protobuf::Duration odd;
  odd.set_seconds(std::numeric_limits<int64_t>::max());
  odd.set_nanos(std::numeric_limits<int32_t>::min());
  FromProto(odd);
}

}  // namespace
}  // namespace stagebeam::remote
