#include "libs/search/rules.h"

namespace stagebeam::search {

int Rules::More(const RoundPlan&, const Standing&) const { return 0; }

void Rules::Extend(const RoundPlan&, const Candidate& candidate, bool,
                   Line& line) const {
  line.text += candidate.text;
  line.token_ids.insert(line.token_ids.end(), candidate.token_ids.begin(),
                        candidate.token_ids.end());
  line.ended = candidate.finish == Finish::kEndOfTurn;
}

}  // namespace stagebeam::search
