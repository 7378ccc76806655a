#ifndef STAGEBEAM_LIBS_SEARCH_ANSWER_CHECK_H_
#define STAGEBEAM_LIBS_SEARCH_ANSWER_CHECK_H_

#include "absl/status/status.h"
#include "libs/search/search.h"

// Whether an answer fits its ask: INVALID_ARGUMENT where it is of the wrong
// kind or number. `ask` is null where the search asks for nothing any more.
namespace stagebeam::search {

absl::Status CheckFits(const Ask* ask, const Expanded& expanded);
absl::Status CheckFits(const Ask* ask, const Compared& compared);
absl::Status CheckFits(const Ask* ask, const JudgeUnavailable& unavailable);

}  // namespace stagebeam::search

#endif  // STAGEBEAM_LIBS_SEARCH_ANSWER_CHECK_H_
