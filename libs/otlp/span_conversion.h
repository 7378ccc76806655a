#ifndef STAGEBEAM_LIBS_OTLP_SPAN_CONVERSION_H_
#define STAGEBEAM_LIBS_OTLP_SPAN_CONVERSION_H_

#include <vector>

#include "libs/tracing/span_record.h"
#include "opentelemetry/proto/common/v1/common.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

// From libs/tracing to opentelemetry.proto. Texts that are not UTF-8 get U+FFFD
// where they are not; a status's message is cut at 1 KiB.
namespace stagebeam::otlp {

opentelemetry::proto::common::v1::KeyValue ToProto(
    const tracing::Attribute& attribute);

opentelemetry::proto::trace::v1::Span ToProto(const tracing::SpanRecord& span);

}  // namespace stagebeam::otlp

#endif  // STAGEBEAM_LIBS_OTLP_SPAN_CONVERSION_H_
