#include "libs/tracing/trace_context.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace stagebeam::tracing {
namespace {

constexpr char kHeader[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, AHeaderIsReadAndWritten) {
  const auto context = ParseTraceparent(kHeader);
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(context->span_id, "b7ad6b7169203331");
  EXPECT_EQ(context->flags, 1);
  EXPECT_EQ(FormatTraceparent(*context), kHeader);
}

TEST(TraceContext, WhatIsNotExactlyAHeaderIsNone) {
  for (const char* header : {
           "",
           "00",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz",
           " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
       }) {
    EXPECT_FALSE(ParseTraceparent(header).has_value()) << header;
  }
}

TEST(TraceContext, LaterVersionsAreReadAsFarAsKnown) {
  const auto context = ParseTraceparent(
      "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-follows");
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(FormatTraceparent(*context), kHeader);
}

TEST(TraceContext, AChildKeepsTraceAndFlags) {
  const auto parent = ParseTraceparent(kHeader);
  ASSERT_TRUE(parent.has_value());
  const TraceContext child = ChildSpan(*parent);
  EXPECT_EQ(child.trace_id, parent->trace_id);
  EXPECT_EQ(child.flags, parent->flags);
  EXPECT_NE(child.span_id, parent->span_id);
  EXPECT_EQ(ParseTraceparent(FormatTraceparent(child)), child);
}

TEST(TraceContext, NewTracesAreValidAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const TraceContext trace = NewTrace();
    EXPECT_EQ(ParseTraceparent(FormatTraceparent(trace)), trace);
    seen.insert(trace.trace_id);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace stagebeam::tracing
