#include "libs/engine/field_reader.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace stagebeam::engine {
namespace {

using nlohmann::json;

// Nothing where `value` is no whole number of 64 bits.
std::optional<int64_t> WholeNumber(const json& value) {
  if (value.is_number_unsigned()) {
    const uint64_t number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return std::nullopt;
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  return std::nullopt;
}

bool IsWithin(const std::optional<int64_t>& number, int64_t min, int64_t max) {
  return number && *number >= min && *number <= max;
}

std::string Bounds(int64_t min, int64_t max) {
  return absl::StrCat(min, " to ", max);
}

}  // namespace

absl::StatusOr<json> ReadJsonObject(const std::string& path,
                                    int64_t max_bytes) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  const auto size = static_cast<int64_t>(file.tellg());
  if (size < 0 || size > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not a file of up to ", max_bytes, " bytes"));
  }
  file.seekg(0);
  std::string text(static_cast<size_t>(size), '\0');
  if (!file.read(text.data(), size)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be read"));
  }
  json object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not a JSON object"));
  }
  return object;
}

FieldReader::FieldReader(const json& object, std::string place)
    : object_(object), place_(std::move(place)) {}

const json* FieldReader::Value(std::string_view field) const {
  const auto found = object_.find(std::string(field));
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool FieldReader::Has(std::string_view field) const {
  return Value(field) != nullptr;
}

void FieldReader::Fail(std::string_view field, std::string_view problem) {
  if (!status_.ok()) return;
  status_ = absl::InvalidArgumentError(
      absl::StrCat(place_, ".", absl::string_view(field.data(), field.size()),
                   " ", absl::string_view(problem.data(), problem.size())));
}

int64_t FieldReader::Int(std::string_view field, int64_t fallback, int64_t min,
                         int64_t max) {
  const json* value = Value(field);
  if (value == nullptr) return fallback;
  const std::optional<int64_t> number = WholeNumber(*value);
  if (IsWithin(number, min, max)) return *number;
  Fail(field, absl::StrCat("must be a whole number, ", Bounds(min, max)));
  return fallback;
}

int FieldReader::Count(std::string_view field, int fallback, int min, int max) {
  return static_cast<int>(Int(field, fallback, min, max));
}

double FieldReader::Number(std::string_view field, double fallback, double min,
                           double max) {
  const json* value = Value(field);
  if (value == nullptr) return fallback;
  const double number =
      value->is_number() ? value->get<double>() : std::nan("");
  if (number >= min && number <= max) return number;
  Fail(field, absl::StrCat("must be a number, ", min, " to ", max));
  return fallback;
}

bool FieldReader::Flag(std::string_view field, bool fallback) {
  const json* value = Value(field);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  Fail(field, "must be true or false");
  return fallback;
}

std::string FieldReader::Text(std::string_view field,
                              const std::string& fallback) {
  const json* value = Value(field);
  if (value == nullptr) return fallback;
  if (value->is_string()) return value->get<std::string>();
  Fail(field, "must be a string");
  return fallback;
}

std::vector<int64_t> FieldReader::Ints(std::string_view field,
                                       std::vector<int64_t> fallback,
                                       int64_t min, int64_t max,
                                       size_t max_size) {
  const json* value = Value(field);
  if (value == nullptr) return fallback;
  const json list = value->is_array() ? *value : json::array({*value});
  std::vector<int64_t> numbers;
  for (const json& entry : list) {
    const std::optional<int64_t> number = WholeNumber(entry);
    if (!IsWithin(number, min, max) || numbers.size() == max_size) {
      Fail(field, absl::StrCat("must be up to ", max_size,
                               " whole numbers, each ", Bounds(min, max)));
      return fallback;
    }
    numbers.push_back(*number);
  }
  return numbers;
}

int64_t FieldReader::ListSize(std::string_view field, int64_t fallback) {
  const json* value = Value(field);
  if (value == nullptr) return fallback;
  if (value->is_array()) return static_cast<int64_t>(value->size());
  Fail(field, "must be a list");
  return fallback;
}

const json& FieldReader::Object(std::string_view field) {
  static const json* const kEmpty = new json(json::object());
  const json* value = Value(field);
  if (value == nullptr) return *kEmpty;
  if (value->is_object()) return *value;
  Fail(field, "must be an object");
  return *kEmpty;
}

}  // namespace stagebeam::engine
