#include "libs/otlp/span_conversion.h"

#include <string>
#include <string_view>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "libs/serving/utf8_text.h"

namespace stagebeam::otlp {
namespace {

namespace otel = opentelemetry::proto;
using otel::trace::v1::Span;

constexpr size_t kMaxMessageBytes = 1024;

std::string ToUtf8(absl::string_view text) {
  return serving::ToValidUtf8(std::string_view(text.data(), text.size()));
}

Span::SpanKind ToProto(tracing::SpanKind kind) {
  switch (kind) {
    case tracing::SpanKind::kServer:
      return Span::SPAN_KIND_SERVER;
    case tracing::SpanKind::kClient:
      return Span::SPAN_KIND_CLIENT;
    case tracing::SpanKind::kInternal:
      break;
  }
  return Span::SPAN_KIND_INTERNAL;
}

uint64_t ToNanos(absl::Time time) {
  return static_cast<uint64_t>(absl::ToUnixNanos(time));
}

}  // namespace

otel::common::v1::KeyValue ToProto(const tracing::Attribute& attribute) {
  otel::common::v1::KeyValue proto;
  proto.set_key(ToUtf8(attribute.name));
  otel::common::v1::AnyValue& value = *proto.mutable_value();
  if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    value.set_string_value(ToUtf8(*text));
  } else if (const auto* whole = std::get_if<int64_t>(&attribute.value)) {
    value.set_int_value(*whole);
  } else if (const auto* real = std::get_if<double>(&attribute.value)) {
    value.set_double_value(*real);
  } else {
    value.set_bool_value(std::get<bool>(attribute.value));
  }
  return proto;
}

Span ToProto(const tracing::SpanRecord& span) {
  Span proto;
  proto.set_trace_id(absl::HexStringToBytes(span.context.trace_id));
  proto.set_span_id(absl::HexStringToBytes(span.context.span_id));
  proto.set_parent_span_id(absl::HexStringToBytes(span.parent_span_id));
  proto.set_flags(span.context.flags);
  proto.set_name(ToUtf8(span.name));
  proto.set_kind(ToProto(span.kind));
  proto.set_start_time_unix_nano(ToNanos(span.start));
  proto.set_end_time_unix_nano(ToNanos(span.end));
  for (const tracing::Attribute& attribute : span.attributes)
    *proto.add_attributes() = ToProto(attribute);
  if (span.status.ok()) return proto;
  otel::trace::v1::Status& status = *proto.mutable_status();
  status.set_code(otel::trace::v1::Status::STATUS_CODE_ERROR);
  status.set_message(ToUtf8(span.status.message().substr(0, kMaxMessageBytes)));
  return proto;
}

}  // namespace stagebeam::otlp
