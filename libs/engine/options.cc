#include "libs/engine/options.h"

namespace stagebeam::engine {
namespace {

// The one of `all` that is called `name`.
template <typename Format, size_t kCount>
std::optional<Format> Named(std::string_view name,
                            const Format (&all)[kCount]) {
  for (const Format format : all) {
    if (NameOf(format) == name) return format;
  }
  return std::nullopt;
}

}  // namespace

std::optional<DType> DTypeNamed(std::string_view name) {
  return Named(name, {DType::kFloat32, DType::kBFloat16});
}

std::optional<WeightForm> WeightFormNamed(std::string_view name) {
  return Named(name,
               {WeightForm::kPacked, WeightForm::kInt8, WeightForm::kMapped});
}

std::string_view NameOf(DType dtype) {
  return dtype == DType::kFloat32 ? "float32" : "bfloat16";
}

std::string_view NameOf(WeightForm weights) {
  switch (weights) {
    case WeightForm::kPacked:
      return "packed";
    case WeightForm::kInt8:
      return "int8";
    case WeightForm::kMapped:
      break;
  }
  return "mapped";
}

}  // namespace stagebeam::engine
