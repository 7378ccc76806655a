#include "libs/search/contenders.h"

#include <algorithm>
#include <set>
#include <utility>

namespace stagebeam::search {

int Likeliest(const std::vector<Contender>& contenders) {
  const auto best =
      std::max_element(contenders.begin(), contenders.end(),
                       [](const Contender& a, const Contender& b) {
                         return a.likelihood < b.likelihood;
                       });
  return static_cast<int>(best - contenders.begin());
}

int CountEligible(const std::vector<Contender>& contenders) {
  return static_cast<int>(
      std::count_if(contenders.begin(), contenders.end(),
                    [](const Contender& c) { return c.eligible; }));
}

int CountTexts(const std::vector<Contender>& contenders) {
  std::set<std::string> texts;
  for (const Contender& contender : contenders) {
    if (contender.eligible) texts.insert(contender.text);
  }
  return static_cast<int>(texts.size());
}

std::vector<Entrant> EntrantsOf(const std::vector<Contender>& contenders,
                                int draw, std::optional<int> best) {
  std::vector<Entrant> entrants;
  std::set<std::string> known;
  for (size_t i = 0; i < contenders.size(); ++i) {
    const Contender& contender = contenders[i];
    if (!contender.eligible) continue;
    const int index = static_cast<int>(i);
    const bool is_new = contender.draw == draw;
    if (!is_new) known.insert(contender.text);
    if (is_new ? !contender.missing && known.contains(contender.text)
               : index != best)
      continue;
    std::optional<std::string> text;
    if (!contender.missing) text = contender.text;
    entrants.push_back({index, std::move(text), contender.likelihood});
  }
  return entrants;
}

}  // namespace stagebeam::search
