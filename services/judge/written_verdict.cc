#include "services/judge/written_verdict.h"

#include <cctype>

#include "services/judge/template_text.h"

namespace stagebeam::judge {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Where `phrase` stands last in `text`, followed by no word's rest.
std::optional<size_t> FindLast(const std::string& text,
                               const std::string& phrase) {
  for (size_t at = text.rfind(phrase); at != std::string::npos;
       at = text.rfind(phrase, at - 1)) {
    const size_t end = at + phrase.size();
    const bool cut =
        end < text.size() && IsWordByte(text[end]) && IsWordByte(phrase.back());
    if (!cut) return at;
    if (at == 0) break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> FindVerdict(std::string_view text, std::string_view pattern,
                               const std::vector<std::string>& choices) {
  const std::string lower = Lower(text);
  std::optional<int> verdict;
  size_t latest = 0;
  for (size_t i = 0; i < choices.size(); ++i) {
    const auto at =
        FindLast(lower, Lower(FillTemplate(pattern, {{"choice", choices[i]}})));
    if (!at || (verdict && *at < latest)) continue;
    verdict = static_cast<int>(i);
    latest = *at;
  }
  return verdict;
}

}  // namespace stagebeam::judge
