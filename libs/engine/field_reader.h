#ifndef STAGEBEAM_LIBS_ENGINE_FIELD_READER_H_
#define STAGEBEAM_LIBS_ENGINE_FIELD_READER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace stagebeam::engine {

// The JSON object in the file `path`. NOT_FOUND: no such file.
// INVALID_ARGUMENT: over `max_bytes`, not JSON, or no object. Messages name the
// file.
absl::StatusOr<nlohmann::json> ReadJsonObject(const std::string& path,
                                              int64_t max_bytes);

// Reads typed fields of a JSON object and remembers the first one that is
// wrong, so that a caller reads all fields and asks once. A field that is
// absent or null takes its default.
class FieldReader {
 public:
  // `place` stands in front of field names in messages, as in "config.json:
  // text_config". `object` must outlive the reader.
  FieldReader(const nlohmann::json& object, std::string place);

  // False for null too.
  bool Has(std::string_view field) const;
  // A whole number in [min, max].
  int64_t Int(std::string_view field, int64_t fallback, int64_t min,
              int64_t max);
  // The same for fields that fit an int.
  int Count(std::string_view field, int fallback, int min, int max);
  // A finite number in [min, max].
  double Number(std::string_view field, double fallback, double min,
                double max);
  bool Flag(std::string_view field, bool fallback);
  std::string Text(std::string_view field, const std::string& fallback);
  // Whole numbers in [min, max], at most `max_size` of them; a single number
  // is a list of one.
  std::vector<int64_t> Ints(std::string_view field,
                            std::vector<int64_t> fallback, int64_t min,
                            int64_t max, size_t max_size);
  // Entries of a list; `fallback` where it is absent.
  int64_t ListSize(std::string_view field, int64_t fallback);
  // The object under `field`; an empty one where it is absent.
  const nlohmann::json& Object(std::string_view field);

  // Notes that `field` is wrong: "<place>.<field> <problem>".
  void Fail(std::string_view field, std::string_view problem);
  // INVALID_ARGUMENT for the first field that was wrong.
  const absl::Status& status() const { return status_; }

 private:
  const nlohmann::json* Value(std::string_view field) const;

  const nlohmann::json& object_;
  const std::string place_;
  absl::Status status_;
};

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_LIBS_ENGINE_FIELD_READER_H_
