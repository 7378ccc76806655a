#include "libs/tracing/trace_context.h"

#include <sys/random.h>

#include <array>
#include <random>

namespace stagebeam::tracing {
namespace {

constexpr size_t kTraceIdDigits = 32;
constexpr size_t kSpanIdDigits = 16;
// "vv-" + trace id + "-" + span id + "-" + "ff".
constexpr size_t kHeaderSize = 3 + kTraceIdDigits + 1 + kSpanIdDigits + 1 + 2;
constexpr char kDigits[] = "0123456789abcdef";

bool IsLowerHex(std::string_view text) {
  return text.find_first_not_of(kDigits) == std::string_view::npos;
}

bool IsZero(std::string_view digits) {
  return digits.find_first_not_of('0') == std::string_view::npos;
}

int HexValue(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

// Random hex digits, not all zero.
std::string RandomDigits(size_t count) {
  std::array<unsigned char, kTraceIdDigits / 2> bytes;
  std::string digits;
  do {
    if (getrandom(bytes.data(), bytes.size(), 0) !=
        static_cast<ssize_t>(bytes.size())) {
      std::random_device device;
      for (unsigned char& byte : bytes) byte = device();
    }
    digits.clear();
    for (size_t i = 0; i < count / 2; ++i) {
      digits += kDigits[bytes[i] >> 4];
      digits += kDigits[bytes[i] & 15];
    }
  } while (IsZero(digits));
  return digits;
}

// "ff" is no version; a later version may go on after another dash.
bool HasKnownShape(std::string_view header) {
  if (header.size() < kHeaderSize) return false;
  const std::string_view version = header.substr(0, 2);
  if (!IsLowerHex(version) || version == "ff") return false;
  if (header.size() == kHeaderSize) return true;
  return version != "00" && header[kHeaderSize] == '-';
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(std::string_view header) {
  if (!HasKnownShape(header)) return std::nullopt;
  const std::string_view trace_id = header.substr(3, kTraceIdDigits);
  const std::string_view span_id =
      header.substr(4 + kTraceIdDigits, kSpanIdDigits);
  const std::string_view flags = header.substr(kHeaderSize - 2, 2);
  const bool dashed = header[2] == '-' && header[3 + kTraceIdDigits] == '-' &&
                      header[kHeaderSize - 3] == '-';
  if (!dashed || !IsLowerHex(trace_id) || !IsLowerHex(span_id) ||
      !IsLowerHex(flags) || IsZero(trace_id) || IsZero(span_id)) {
    return std::nullopt;
  }
  return TraceContext{
      std::string(trace_id), std::string(span_id),
      static_cast<uint8_t>(HexValue(flags[0]) * 16 + HexValue(flags[1]))};
}

std::string FormatTraceparent(const TraceContext& context) {
  std::string header = "00-" + context.trace_id + "-" + context.span_id + "-";
  header += kDigits[context.flags >> 4];
  header += kDigits[context.flags & 15];
  return header;
}

TraceContext NewTrace() {
  return {RandomDigits(kTraceIdDigits), RandomDigits(kSpanIdDigits), 0};
}

TraceContext ChildSpan(const TraceContext& parent) {
  return {parent.trace_id, RandomDigits(kSpanIdDigits), parent.flags};
}

}  // namespace stagebeam::tracing
