#include "libs/search/answer_check.h"

#include <cstddef>
#include <string>
#include <variant>

namespace stagebeam::search {
namespace {

absl::Status Misfit(const std::string& message) {
  return absl::InvalidArgumentError(message);
}

absl::Status WrongNumber(const std::string& what, size_t got, size_t wanted) {
  return Misfit(what + ": must be " + std::to_string(wanted) + ", got " +
                std::to_string(got));
}

absl::Status CheckSets(const Expand& expand, const Expanded& expanded) {
  bool any = false;
  for (size_t b = 0; b < expanded.sets.size(); ++b) {
    const size_t most = static_cast<size_t>(expand.branches[b].count);
    if (expanded.sets[b].size() > most) {
      return Misfit("expanded.sets: more candidates than asked for in set " +
                    std::to_string(b));
    }
    any = any || !expanded.sets[b].empty();
  }
  return any ? absl::OkStatus()
             : Misfit("expanded.sets: must not all be empty");
}

}  // namespace

absl::Status CheckFits(const Ask* ask, const Expanded& expanded) {
  const auto* expand = ask == nullptr ? nullptr : std::get_if<Expand>(ask);
  if (expand == nullptr)
    return Misfit("expanded: the search did not ask for candidates");
  const size_t branches = expand->branches.size();
  if (expanded.sets.size() != branches) {
    return WrongNumber("expanded.sets", expanded.sets.size(), branches);
  }
  if (absl::Status sets = CheckSets(*expand, expanded); !sets.ok()) return sets;
  bool appended = false;
  for (const Branch& branch : expand->branches)
    appended = appended || !branch.appended_text.empty();
  const size_t texts = expanded.appended_token_ids.size();
  const bool fits = texts == branches || (texts == 0 && !appended);
  return fits ? absl::OkStatus()
              : WrongNumber("expanded.appended_token_ids", texts, branches);
}

absl::Status CheckFits(const Ask* ask, const Compared& compared) {
  const auto* compare = ask == nullptr ? nullptr : std::get_if<Compare>(ask);
  if (compare == nullptr)
    return Misfit("compared: the search did not ask for a comparison");
  if (compared.verdicts.size() == compare->pairs.size())
    return absl::OkStatus();
  return WrongNumber("compared.verdicts", compared.verdicts.size(),
                     compare->pairs.size());
}

absl::Status CheckFits(const Ask* ask, const JudgeUnavailable&) {
  if (ask != nullptr && std::holds_alternative<Compare>(*ask))
    return absl::OkStatus();
  return Misfit("judge_unavailable: the search did not ask for a comparison");
}

}  // namespace stagebeam::search
