#include "libs/serving/logger.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "libs/serving/utf8_text.h"
#include "libs/tracing/trace_context.h"

namespace stagebeam::serving {
namespace {

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

void AppendCharacter(std::string& json, char character) {
  switch (character) {
    case '"':
      json += "\\\"";
      return;
    case '\\':
      json += "\\\\";
      return;
    case '\n':
      json += "\\n";
      return;
    default:
      if (static_cast<unsigned char>(character) < 0x20) {
        absl::StrAppendFormat(&json, "\\u%04x", character);
      } else {
        json += character;
      }
  }
}

void AppendText(std::string& json, std::string_view text) {
  json += '"';
  for (char character : ToValidUtf8(text)) AppendCharacter(json, character);
  json += '"';
}

void AppendValue(std::string& json, const LogField::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    AppendText(json, *text);
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    absl::StrAppend(&json, *whole);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    json += *truth ? "true" : "false";
  } else {
    const double real = std::get<double>(value);
    // JSON has no word for infinities and NaN.
    if (std::isfinite(real)) {
      absl::StrAppend(&json, real);
    } else {
      json += "null";
    }
  }
}

void AppendMember(std::string& json, std::string_view name,
                  const LogField::Value& value) {
  if (json.size() > 1) json += ',';
  AppendText(json, name);
  json += ':';
  AppendValue(json, value);
}

void AppendContext(std::string& json, const inference::RequestContext& call) {
  if (const auto trace = tracing::ParseTraceparent(call.traceparent)) {
    AppendMember(json, "trace_id", trace->trace_id);
    AppendMember(json, "span_id", trace->span_id);
  }
  if (!call.request_id.empty()) {
    AppendMember(json, "request_id", call.request_id);
  }
}

// One write(2) a line: lines of several threads, or of several processes that
// share a pipe, do not mix up to PIPE_BUF bytes.
void WriteToStderr(std::string_view line) {
  const std::string whole =
      absl::StrCat(absl::string_view(line.data(), line.size()), "\n");
  std::string_view rest = whole;
  while (!rest.empty()) {
    const ssize_t written = write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    rest.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

Logger::Logger(LogLevel level) : Logger(level, WriteToStderr) {}

Logger::Logger(LogLevel level, Sink sink)
    : level_(level), sink_(std::move(sink)) {}

void Logger::Debug(std::string_view message, LogFields fields) const {
  Write(LogLevel::kDebug, nullptr, message, fields);
}

void Logger::Info(std::string_view message, LogFields fields) const {
  Write(LogLevel::kInfo, nullptr, message, fields);
}

void Logger::Warning(std::string_view message, LogFields fields) const {
  Write(LogLevel::kWarning, nullptr, message, fields);
}

void Logger::Error(std::string_view message, LogFields fields) const {
  Write(LogLevel::kError, nullptr, message, fields);
}

void Logger::Log(LogLevel level, const inference::RequestContext& context,
                 std::string_view message, LogFields fields) const {
  Write(level, &context, message, fields);
}

void Logger::Write(LogLevel level, const inference::RequestContext* context,
                   std::string_view message, LogFields fields) const {
  if (!Enabled(level)) return;
  std::string json = "{";
  AppendMember(json, "time",
               absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(),
                                absl::UTCTimeZone()));
  AppendMember(json, "level", LevelName(level));
  AppendMember(json, "message", std::string(message));
  if (context != nullptr) AppendContext(json, *context);
  for (const LogField& field : fields) {
    AppendMember(json, field.name(), field.value());
  }
  json += '}';
  sink_(json);
}

}  // namespace stagebeam::serving
