#ifndef STAGEBEAM_SERVICES_JUDGE_WRITTEN_VERDICT_H_
#define STAGEBEAM_SERVICES_JUDGE_WRITTEN_VERDICT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagebeam::judge {

// Index of the choice that a written verdict names last. `pattern` is the
// verdict's wording with "{choice}" in it; case of ASCII letters does not
// matter, and a choice is a whole word ("1" is not in "12"). Nothing where
// `text` has no such wording.
std::optional<int> FindVerdict(std::string_view text, std::string_view pattern,
                               const std::vector<std::string>& choices);

}  // namespace stagebeam::judge

#endif  // STAGEBEAM_SERVICES_JUDGE_WRITTEN_VERDICT_H_
