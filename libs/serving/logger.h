#ifndef STAGEBEAM_LIBS_SERVING_LOGGER_H_
#define STAGEBEAM_LIBS_SERVING_LOGGER_H_

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "libs/inference/request_context.h"

namespace stagebeam::serving {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One named value of a log line: text, a whole number, a real number, a truth
// value, or a duration (as seconds).
class LogField {
 public:
  using Value = std::variant<std::string, int64_t, double, bool>;

  LogField(std::string_view name, std::string_view text)
      : name_(name), value_(std::string(text)) {}
  LogField(std::string_view name, const std::string& text)
      : name_(name), value_(text) {}
  LogField(std::string_view name, const char* text)
      : name_(name), value_(std::string(text)) {}
  LogField(std::string_view name, bool truth) : name_(name), value_(truth) {}
  LogField(std::string_view name, std::integral auto number)
      : name_(name), value_(static_cast<int64_t>(number)) {}
  LogField(std::string_view name, std::floating_point auto number)
      : name_(name), value_(static_cast<double>(number)) {}
  LogField(std::string_view name, absl::Duration duration)
      : name_(name), value_(absl::ToDoubleSeconds(duration)) {}

  std::string_view name() const { return name_; }
  const Value& value() const { return value_; }

 private:
  std::string name_;
  Value value_;
};

using LogFields = std::initializer_list<LogField>;

// Writes one JSON object a line:
//   {"time":"2026-01-31T12:00:00.123Z","level":"info","message":"listening",
//    "trace_id":"…","request_id":"…","port":50051}
// trace_id and request_id appear where a context is given and has them. Bytes
// that are not UTF-8 become U+FFFD.
//
// Thread-safe; lines never mix.
class Logger {
 public:
  using Sink = std::function<void(std::string_view line)>;

  // Logs lines of `level` and above to stderr.
  explicit Logger(LogLevel level);
  // Logs to `sink`, which gets whole lines without the newline, one at a time
  // for each thread; it must be thread-safe.
  Logger(LogLevel level, Sink sink);

  bool Enabled(LogLevel level) const { return level >= level_; }

  void Debug(std::string_view message, LogFields fields = {}) const;
  void Info(std::string_view message, LogFields fields = {}) const;
  void Warning(std::string_view message, LogFields fields = {}) const;
  void Error(std::string_view message, LogFields fields = {}) const;
  // A line about one call.
  void Log(LogLevel level, const inference::RequestContext& context,
           std::string_view message, LogFields fields = {}) const;

 private:
  void Write(LogLevel level, const inference::RequestContext* context,
             std::string_view message, LogFields fields) const;

  const LogLevel level_;
  const Sink sink_;
};

}  // namespace stagebeam::serving

#endif  // STAGEBEAM_LIBS_SERVING_LOGGER_H_
