#include "services/judge/template_text.h"

#include <algorithm>

namespace stagebeam::judge {
namespace {

// The value whose "{name}" `text` begins with.
const std::pair<std::string_view, std::string_view>* ValueAt(
    std::string_view text, const TemplateValues& values) {
  const size_t close = text.find('}');
  if (text.empty() || text[0] != '{' || close == text.npos) return nullptr;
  for (const auto& value : values) {
    if (text.substr(1, close - 1) == value.first) return &value;
  }
  return nullptr;
}

}  // namespace

std::string FillTemplate(std::string_view text, const TemplateValues& values) {
  std::string filled;
  while (!text.empty()) {
    if (const auto* value = ValueAt(text, values)) {
      filled.append(value->second);
      text.remove_prefix(value->first.size() + 2);
    } else {
      // At least one character, so that a brace of no name is passed by.
      const size_t brace = std::min(text.find('{', 1), text.size());
      filled.append(text.substr(0, brace));
      text.remove_prefix(brace);
    }
  }
  return filled;
}

}  // namespace stagebeam::judge
