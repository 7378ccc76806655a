#include "libs/serving/status_conversion.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/serving/utf8_text.h"

namespace stagebeam::serving {
namespace {

absl::Status ThroughTheWire(const absl::Status& status) {
  return FromGrpcStatus(ToGrpcStatus(status));
}

TEST(StatusConversion, EveryCodeSurvivesTheRoundTrip) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code),
                              code == 0 ? "" : "why");
    EXPECT_EQ(ThroughTheWire(status), status) << status;
  }
}

TEST(StatusConversion, AnUnknownCodeFromTheWireIsUnknown) {
  const grpc::Status odd(static_cast<grpc::StatusCode>(25), "odd");
  EXPECT_EQ(FromGrpcStatus(odd).code(), absl::StatusCode::kUnknown);
}

TEST(StatusConversion, AnInvalidFieldIsNamedInTextAndDetail) {
  const absl::Status status = ThroughTheWire(InvalidField(
      "search.best_of_n.candidate_count", "must be within [1, 64], was 65"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()),
            "search.best_of_n.candidate_count: must be within [1, 64], was 65");
  const std::vector<FieldViolation> expected = {
      {"search.best_of_n.candidate_count", "must be within [1, 64], was 65"}};
  EXPECT_EQ(FieldViolations(status), expected);
}

TEST(StatusConversion, AFieldInThePlainMessageBecomesADetail) {
  const absl::Status status = ThroughTheWire(
      absl::InvalidArgumentError("pairs[3].first: must be below 4, was: 9"));
  const std::vector<FieldViolation> expected = {
      {"pairs[3].first", "must be below 4, was: 9"}};
  EXPECT_EQ(FieldViolations(status), expected);
}

TEST(StatusConversion, ProseIsNoField) {
  for (const char* message : {"not a picture: bad magic", "bad", ": x", "",
                              "9lives: cats", "a b: c", "field:no blank"}) {
    const absl::Status status =
        ThroughTheWire(absl::InvalidArgumentError(message));
    EXPECT_TRUE(FieldViolations(status).empty()) << message;
    EXPECT_EQ(std::string(status.message()), message);
  }
}

TEST(StatusConversion, OnlyInvalidArgumentsGetFields) {
  const absl::Status status =
      ThroughTheWire(absl::NotFoundError("image_key: unknown"));
  EXPECT_TRUE(FieldViolations(status).empty());
}

TEST(StatusConversion, AGivenDetailIsKept) {
  const absl::Status given = InvalidField("a", "b: c");
  EXPECT_EQ(ThroughTheWire(given), given);
}

TEST(StatusConversion, ARetryDelaySurvivesToTheNanosecond) {
  for (absl::Duration delay :
       {absl::ZeroDuration(), absl::Milliseconds(500), absl::Seconds(90),
        absl::Nanoseconds(1'000'000'007)}) {
    const absl::Status status =
        ThroughTheWire(RetryAfter(absl::UnavailableError("busy"), delay));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(RetryDelay(status), delay);
  }
  EXPECT_EQ(RetryDelay(absl::UnavailableError("busy")), std::nullopt);
  EXPECT_TRUE(RetryAfter(absl::OkStatus(), absl::Seconds(1)).ok());
}

TEST(StatusConversion, BothDetailsTravelTogether) {
  const absl::Status status =
      ThroughTheWire(RetryAfter(InvalidField("a", "b"), absl::Seconds(2)));
  EXPECT_EQ(FieldViolations(status).size(), 1u);
  EXPECT_EQ(RetryDelay(status), absl::Seconds(2));
}

TEST(StatusConversion, TheTrailerIsAGoogleRpcStatus) {
  const grpc::Status wire = ToGrpcStatus(InvalidField("question", "is empty"));
  google::rpc::Status rpc;
  ASSERT_TRUE(rpc.ParseFromString(wire.error_details()));
  EXPECT_EQ(rpc.code(), 3);
  EXPECT_EQ(rpc.message(), "question: is empty");
  ASSERT_EQ(rpc.details_size(), 1);
  EXPECT_EQ(rpc.details(0).type_url(),
            "type.googleapis.com/google.rpc.BadRequest");
}

TEST(StatusConversion, AStatusWithoutDetailsHasNoTrailer) {
  EXPECT_EQ(ToGrpcStatus(absl::InternalError("x")).error_details(), "");
}

TEST(StatusConversion, GarbageInTheTrailerIsIgnored) {
  const grpc::Status wire(grpc::StatusCode::INTERNAL, "x", "\xFF\x01garbage");
  EXPECT_EQ(FromGrpcStatus(wire), absl::InternalError("x"));
}

TEST(StatusConversion, AGarbledDetailCountsAsNone) {
  absl::Status status = absl::UnavailableError("x");
  status.SetPayload("type.googleapis.com/google.rpc.RetryInfo",
                    absl::Cord("\x0A\xFF"));
  EXPECT_EQ(RetryDelay(status), std::nullopt);
}

TEST(StatusConversion, LongMessagesAreCutBetweenCharacters) {
  std::string message = "x";
  while (message.size() < 5000) message += "ü";
  const std::string cut =
      ToGrpcStatus(absl::InternalError(message)).error_message();
  EXPECT_LT(cut.size(), 1100u);
  EXPECT_EQ(ToValidUtf8(cut), cut);
  EXPECT_EQ(cut.substr(0, 1000), message.substr(0, 1000));
}

TEST(StatusConversion, DetailsThatWouldBreakTheTrailerAreLeftOut) {
  const absl::Status status = ThroughTheWire(RetryAfter(
      InvalidField("a", std::string(100'000, 'x')), absl::Seconds(1)));
  EXPECT_TRUE(FieldViolations(status).empty());
  EXPECT_EQ(RetryDelay(status), absl::Seconds(1));
}

TEST(StatusConversion, BytesThatAreNotUtf8AreReplaced) {
  const grpc::Status wire =
      ToGrpcStatus(absl::InvalidArgumentError("question: \xC3\x28"));
  EXPECT_EQ(wire.error_message(), "question: \xEF\xBF\xBD(");
}

TEST(Utf8Text, ForbiddenFormsAreReplacedByteByByte) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(ToValidUtf8("a\xC0\x80z"), "a" + mark + mark + "z");
  EXPECT_EQ(ToValidUtf8("\xED\xA0\x80"), mark + mark + mark);
  EXPECT_EQ(ToValidUtf8("\xF4\x90\x80\x80"), mark + mark + mark + mark);
  EXPECT_EQ(ToValidUtf8("\xE2\x82"), mark + mark);
  EXPECT_EQ(ToValidUtf8("héllo €😀"), "héllo €😀");
}

}  // namespace
}  // namespace stagebeam::serving
