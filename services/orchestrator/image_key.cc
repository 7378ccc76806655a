#include "services/orchestrator/image_key.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/serving/status_conversion.h"

namespace stagebeam::orchestrator {
namespace {

constexpr size_t kMaxKeyBytes = 128;
// Far over every model's shapes, and far below overflow of their product.
constexpr int kMaxNumber = 1 << 20;

bool IsFeatureKey(std::string_view text) {
  return !text.empty() && text.back() != '-' && text.size() <= kMaxKeyBytes &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == ':' || c == '_' || c == '-' ||
                  c == '.';
         });
}

// Reads a number in [1, kMaxNumber] without leading zeros off the front of
// `text`, and the 'x' behind it unless it is the last one.
bool TakeNumber(std::string_view& text, bool last, int& number) {
  if (text.empty() || text.front() == '0' || text.front() == '-') return false;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > kMaxNumber) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (last) return text.empty();
  if (text.empty() || text.front() != 'x') return false;
  text.remove_prefix(1);
  return true;
}

bool TakeShape(std::string_view shape, inference::ImageFeatures& features) {
  const std::array<int*, 4> numbers = {
      &features.tile_count, &features.rows_per_tile, &features.hidden_size,
      &features.stored_tile_count};
  for (int* number : numbers) {
    if (!TakeNumber(shape, number == numbers.back(), *number)) return false;
  }
  return features.tile_count <= features.stored_tile_count;
}

}  // namespace

std::string FormatImageKey(const inference::ImageFeatures& features) {
  return absl::StrCat(features.key, "-", features.tile_count, "x",
                      features.rows_per_tile, "x", features.hidden_size, "x",
                      features.stored_tile_count);
}

absl::StatusOr<inference::ImageFeatures> ParseImageKey(std::string_view key) {
  const size_t dash = key.rfind('-');
  inference::ImageFeatures features;
  if (dash == std::string_view::npos || !IsFeatureKey(key.substr(0, dash)) ||
      !TakeShape(key.substr(dash + 1), features)) {
    return serving::InvalidField(
        "image_key", "must be the image_key of an earlier response");
  }
  features.key = std::string(key.substr(0, dash));
  return features;
}

}  // namespace stagebeam::orchestrator
