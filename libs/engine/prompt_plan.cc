#include "libs/engine/prompt_plan.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace stagebeam::engine {
namespace {

using Prompts = std::vector<std::span<const int32_t>>;

// Fewer common tokens than this are computed for each prompt.
constexpr int kLeastShared = 16;

// Tokens that all of `group` have in common, short of any prompt's last one.
int CommonLength(const Prompts& prompts, const std::vector<int>& group,
                 int from) {
  const std::span<const int32_t> first = prompts[group.front()];
  int length = static_cast<int>(first.size()) - 1;
  for (const int p : group) {
    length = std::min(length, static_cast<int>(prompts[p].size()) - 1);
    const auto differs =
        std::mismatch(first.begin() + from, first.begin() + length,
                      prompts[p].begin() + from);
    length = static_cast<int>(differs.first - first.begin());
  }
  return length;
}

struct Planner {
  const Prompts& prompts;
  std::vector<PrefillRun> runs;

  void AddLast(int prompt, int parent, int begin) {
    runs.push_back({parent, prompt, begin,
                    static_cast<int>(prompts[prompt].size()), true});
  }

  // Plans prompts that are equal up to `common` and computed up to `begin`.
  void Plan(const std::vector<int>& group, int parent, int begin, int common) {
    if (group.size() == 1) return AddLast(group.front(), parent, begin);
    common = CommonLength(prompts, group, common);
    if (common - begin >= kLeastShared) {
      runs.push_back({parent, group.front(), begin, common, false});
      parent = static_cast<int>(runs.size()) - 1;
      begin = common;
    }
    std::map<int32_t, std::vector<int>> parts;
    for (const int p : group) {
      if (static_cast<int>(prompts[p].size()) == common + 1) {
        AddLast(p, parent, begin);
      } else {
        parts[prompts[p][common]].push_back(p);
      }
    }
    for (const auto& [token, part] : parts) Plan(part, parent, begin, common);
  }
};

}  // namespace

std::vector<PrefillRun> PlanPrefill(const Prompts& prompts,
                                    const std::vector<int>& held) {
  std::map<std::vector<int32_t>, std::vector<int>> groups;
  for (size_t p = 0; p < prompts.size(); ++p) {
    const auto front = prompts[p].first(held[p]);
    groups[{front.begin(), front.end()}].push_back(static_cast<int>(p));
  }
  Planner planner{prompts, {}};
  for (const auto& [front, group] : groups) {
    const int begin = static_cast<int>(front.size());
    planner.Plan(group, -1, begin, begin);
  }
  return std::move(planner.runs);
}

int64_t PlannedTokens(const std::vector<PrefillRun>& runs) {
  int64_t tokens = 0;
  for (const PrefillRun& run : runs) tokens += run.end - run.begin;
  return tokens;
}

std::vector<int> ShareFairly(const std::vector<int>& wants, int budget) {
  std::vector<int> order(wants.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return wants[a] < wants[b]; });
  std::vector<int> shares(wants.size(), 0);
  int left = budget;
  int equal_part = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    // Once somebody takes all of an equal part, the rest do too.
    const bool settled = i > 0 && shares[order[i - 1]] == equal_part;
    if (!settled) equal_part = left / static_cast<int>(order.size() - i);
    shares[order[i]] = std::min(wants[order[i]], equal_part);
    left -= shares[order[i]];
  }
  // What division left over goes to the first.
  for (size_t i = 0; i < wants.size(); ++i) {
    const int more = std::min(wants[i] - shares[i], left);
    shares[i] += more;
    left -= more;
  }
  return shares;
}

}  // namespace stagebeam::engine
