#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/pixels/preprocessor.h"

namespace stagebeam::pixels {
namespace {

using nlohmann::json;

constexpr int kMaxTileSize = 4096;
constexpr int kMaxTiles = 64;
constexpr int64_t kMaxPixels = 64 << 20;
constexpr size_t kMaxFileBytes = 1 << 20;
constexpr int kBilinear = 2;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": no such file"));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(file.gcount());
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": over ", kMaxFileBytes, " bytes"));
  }
  return text;
}

// Reads the fields of one JSON object and keeps the first error.
class FieldReader {
 public:
  FieldReader(std::string path, const json& object)
      : path_(std::move(path)), object_(object) {}

  // The integer at a JSON pointer, in [1, most].
  void Integer(const char* pointer, int most, int& out) {
    const json* field = Find(pointer);
    if (field == nullptr) return;
    if (field->is_number_integer() && *field >= 1 && *field <= most) {
      out = field->get<int>();
    } else {
      Refuse(pointer, absl::StrCat("must be an integer in [1, ", most, "]"));
    }
  }

  void PositiveNumber(const char* pointer, double& out) {
    const json* field = Find(pointer);
    if (field == nullptr) return;
    if (field->is_number() && std::isfinite(field->get<double>()) &&
        field->get<double>() > 0) {
      out = field->get<double>();
    } else {
      Refuse(pointer, "must be a number above 0");
    }
  }

  // One number for each channel, or one for all; above 0 where asked.
  void PerChannel(const char* pointer, bool positive,
                  std::array<float, 3>& out) {
    const json* field = Find(pointer);
    if (field == nullptr) return;
    const bool list = field->is_array() && field->size() == 3;
    for (int c = 0; c < 3; ++c) {
      const json& number = list ? (*field)[c] : *field;
      if (!number.is_number() || !Accepts(number.get<double>(), positive)) {
        return Refuse(pointer, positive ? "must be 3 numbers above 0"
                                        : "must be 3 numbers");
      }
      out[c] = number.get<float>();
    }
  }

  // A switch that this preprocessing cannot do without.
  void MustBeTrue(const char* pointer) {
    const json* field = Find(pointer);
    if (field != nullptr && *field != true) Refuse(pointer, "must be true");
  }

  void MustBe(const char* pointer, int value, const char* meaning) {
    const json* field = Find(pointer);
    if (field != nullptr && *field != value) {
      Refuse(pointer, absl::StrCat("must be ", value, " (", meaning, ")"));
    }
  }

  void MustBeObject(const char* pointer, const char* members) {
    const json* field = Find(pointer);
    if (field != nullptr && !field->is_object()) {
      Refuse(pointer, absl::StrCat("must be an object with ", members));
    }
  }

  void Refuse(const char* pointer, const std::string& why) {
    std::string name(pointer + 1);
    for (char& c : name) c = c == '/' ? '.' : c;
    if (status_.ok()) {
      status_ =
          absl::InvalidArgumentError(absl::StrCat(path_, ": ", name, " ", why));
    }
  }

  const absl::Status& status() const { return status_; }

 private:
  // Null where the field is absent or null: its default holds.
  const json* Find(const char* pointer) const {
    const json::json_pointer at(pointer);
    if (!object_.contains(at) || object_.at(at).is_null()) return nullptr;
    return &object_.at(at);
  }

  static bool Accepts(double number, bool positive) {
    const float narrow = static_cast<float>(number);
    return std::isfinite(narrow) && (!positive || narrow > 0);
  }

  std::string path_;
  const json& object_;
  absl::Status status_;
};

void ReadTileSize(FieldReader& fields, PreprocessorConfig& config) {
  fields.MustBeObject("/size", "height and width");
  int width = config.tile_size;
  fields.Integer("/size/height", kMaxTileSize, config.tile_size);
  fields.Integer("/size/width", kMaxTileSize, width);
  if (width != config.tile_size)
    fields.Refuse("/size/width", "must equal size.height");
}

absl::StatusOr<PreprocessorConfig> ReadConfig(const std::string& path,
                                              const json& object) {
  PreprocessorConfig config;
  FieldReader fields(path, object);
  ReadTileSize(fields, config);
  fields.Integer("/max_image_tiles", kMaxTiles, config.max_tiles);
  fields.MustBe("/resample", kBilinear, "bilinear");
  fields.PositiveNumber("/rescale_factor", config.rescale_factor);
  fields.PerChannel("/image_mean", false, config.mean);
  fields.PerChannel("/image_std", true, config.std);
  for (const char* step : {"/do_convert_rgb", "/do_resize", "/do_rescale",
                           "/do_normalize", "/do_pad"}) {
    fields.MustBeTrue(step);
  }
  if (int64_t{1} * config.tile_size * config.tile_size * config.max_tiles >
      kMaxPixels) {
    fields.Refuse("/max_image_tiles",
                  absl::StrCat("times size.height times size.width is over ",
                               kMaxPixels, " pixels"));
  }
  if (!fields.status().ok()) return fields.status();
  return config;
}

}  // namespace

absl::StatusOr<PreprocessorConfig> PreprocessorConfig::Load(
    const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  const json object = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not a JSON object"));
  }
  return ReadConfig(path, object);
}

std::string PreprocessorConfig::Fingerprint() const {
  return absl::StrFormat(
      "tile=%d tiles=%d rescale=%.17g mean=%.9g,%.9g,%.9g std=%.9g,%.9g,%.9g",
      tile_size, max_tiles, rescale_factor, mean[0], mean[1], mean[2], std[0],
      std[1], std[2]);
}

}  // namespace stagebeam::pixels
