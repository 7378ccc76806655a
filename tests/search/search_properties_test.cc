// Properties that hold for every search, shown on thousands of drawn ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>

#include "libs/search/random.h"
#include "libs/search/response_text.h"
#include "libs/search/search.h"
#include "tests/search/scripted_world.h"

namespace stagebeam::search {
namespace {

constexpr uint64_t kSearches = 2000;

// A strategy drawn from `seed`.
Strategy DrawStrategy(uint64_t seed) {
  RandomStream random(seed);
  const int candidates =
      1 + static_cast<int>(random.Below(random.Below(4) == 0 ? 64 : 9));
  const auto up_to = [&](int most) {
    return 1 + static_cast<int>(random.Below(static_cast<uint64_t>(most)));
  };
  switch (random.Below(5)) {
    case 0:
      return SinglePass{};
    case 1:
      return BestOfN{candidates};
    case 2:
      return SentenceBeam{candidates, up_to(12)};
    case 3:
      return StageBeam{candidates, up_to(candidates)};
    default:
      return AdaptiveBeam{candidates, up_to(candidates), up_to(20) / 20.0,
                          up_to(10) / 10.0};
  }
}

Record RunDrawn(uint64_t seed) {
  auto search = Make(DrawStrategy(seed), static_cast<int64_t>(seed) * 31);
  return RunSearch(*search, RandomWorld(seed));
}

int Asked(const Expand& expand) {
  int asked = 0;
  for (const Branch& branch : expand.branches) asked += branch.count;
  return asked;
}

// The asks for the candidates of each expansion of the trace.
std::vector<std::vector<Expand>> Draws(const Record& run) {
  std::vector<std::vector<Expand>> draws;
  for (const Expand& expand : run.expands) {
    if (static_cast<size_t>(expand.stage_index) == draws.size())
      draws.emplace_back();
    draws.back().push_back(expand);
  }
  return draws;
}

int Asked(const std::vector<Expand>& draws) {
  int asked = 0;
  for (const Expand& expand : draws) asked += Asked(expand);
  return asked;
}

int CeilLog2(int n) {
  int rounds = 0;
  while ((1 << rounds) < n) ++rounds;
  return rounds;
}

// Calls `check` with every drawn run.
template <class Check>
void ForDrawnSearches(const Check& check) {
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    check(RunDrawn(seed), seed);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(EverySearch, FightsAtMostOneDuelLessThanItHasCandidates) {
  ForDrawnSearches([](const Record& run, uint64_t) {
    const auto draws = Draws(run);
    for (size_t i = 0; i < run.trace.size(); ++i) {
      EXPECT_LE(static_cast<int>(run.trace[i].duels.size()),
                Asked(draws[i]) - 1);
    }
  });
}

// Judge calls that a knock-out after each draw takes at most: the best so far
// meets those that are new.
int MostCalls(const std::vector<Expand>& draws) {
  int calls = 0;
  for (size_t i = 0; i < draws.size(); ++i)
    calls += CeilLog2(Asked(draws[i]) + (i > 0 ? 1 : 0));
  return calls;
}

TEST(EverySearch, CallsTheJudgeOnceARound) {
  ForDrawnSearches([](const Record& run, uint64_t) {
    const auto draws = Draws(run);
    size_t next_call = 0;
    for (size_t i = 0; i < run.trace.size(); ++i) {
      size_t duels = 0;
      int calls = 0;
      for (; duels < run.trace[i].duels.size(); ++calls) {
        duels += run.compares.at(next_call++).pairs.size();
      }
      EXPECT_EQ(duels, run.trace[i].duels.size());
      EXPECT_LE(calls, MostCalls(draws[i]));
    }
    EXPECT_EQ(next_call, run.compares.size());
  });
}

TEST(EverySearch, LeavesAsManySurvivorsAsItShould) {
  ForDrawnSearches([](const Record& run, uint64_t seed) {
    const Strategy strategy = DrawStrategy(seed);
    const auto* beam = std::get_if<StageBeam>(&strategy);
    for (const ExpansionTrace& expansion : run.trace) {
      const auto eligible = std::count_if(
          expansion.candidates.begin(), expansion.candidates.end(),
          [](const TracedCandidate& c) { return c.eligible; });
      const bool last = expansion.stage == Stage::kConclusion;
      const long wanted = beam != nullptr && !last ? beam->survivor_count : 1;
      EXPECT_EQ(static_cast<long>(expansion.survivors.size()),
                std::max(1L, std::min(wanted, static_cast<long>(eligible))));
    }
  });
}

TEST(EverySearch, KeepsNoIneligibleCandidateUnlessThereIsNoOther) {
  ForDrawnSearches([](const Record& run, uint64_t) {
    for (const ExpansionTrace& expansion : run.trace) {
      const bool any =
          std::any_of(expansion.candidates.begin(), expansion.candidates.end(),
                      [](const TracedCandidate& c) { return c.eligible; });
      for (int survivor : expansion.survivors) {
        EXPECT_EQ(expansion.candidates[static_cast<size_t>(survivor)].eligible,
                  any);
      }
      for (const TracedDuel& duel : expansion.duels) {
        EXPECT_TRUE(
            expansion.candidates[static_cast<size_t>(duel.first)].eligible);
        EXPECT_TRUE(
            expansion.candidates[static_cast<size_t>(duel.second)].eligible);
      }
    }
  });
}

TEST(EverySearch, TracesEveryStepWithValidIndices) {
  ForDrawnSearches([](const Record& run, uint64_t) {
    ASSERT_EQ(run.trace.size(), Draws(run).size());
    for (size_t i = 0; i < run.trace.size(); ++i) {
      const ExpansionTrace& expansion = run.trace[i];
      const int count = static_cast<int>(expansion.candidates.size());
      ASSERT_GT(count, 0);
      std::set<int> losers;
      for (const TracedDuel& duel : expansion.duels) {
        EXPECT_TRUE(0 <= duel.first && duel.first < count);
        EXPECT_TRUE(0 <= duel.second && duel.second < count);
        EXPECT_NE(duel.first, duel.second);
        EXPECT_TRUE(duel.winner == duel.first || duel.winner == duel.second);
        EXPECT_EQ(losers.count(duel.first) + losers.count(duel.second), 0u);
        losers.insert(duel.winner == duel.first ? duel.second : duel.first);
      }
      for (int survivor : expansion.survivors) {
        EXPECT_TRUE(0 <= survivor && survivor < count);
        EXPECT_EQ(losers.count(survivor), 0u);
      }
      for (const TracedCandidate& candidate : expansion.candidates) {
        const std::vector<int> parents =
            i == 0 ? std::vector{0} : run.trace[i - 1].survivors;
        EXPECT_THAT(parents, testing::Contains(candidate.parent));
      }
    }
  });
}

TEST(EverySearch, BranchesOfAnExpansionDrawFromDifferentSeeds) {
  ForDrawnSearches([](const Record& run, uint64_t) {
    for (const Expand& expand : run.expands) {
      std::set<int64_t> seeds;
      for (const Branch& branch : expand.branches) {
        EXPECT_GE(branch.count, 1);
        EXPECT_TRUE(seeds.insert(branch.seed).second);
      }
      EXPECT_LE(Asked(expand), kMaxCandidates);
    }
  });
}

TEST(EverySearch, IsTheSameForTheSameSeed) {
  ForDrawnSearches([](const Record& run, uint64_t seed) {
    EXPECT_EQ(Describe(run), Describe(RunDrawn(seed)));
  });
}

TEST(EverySearch, ChangesWithTheSeed) {
  int different = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    auto one = Make(StageBeam{4, 1}, 1);
    auto two = Make(StageBeam{4, 1}, 2);
    different += Describe(RunSearch(*one, RandomWorld(seed))) !=
                 Describe(RunSearch(*two, RandomWorld(seed)));
  }
  EXPECT_EQ(different, 200);
}

TEST(EverySearch, BestOfOneIsASinglePass) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    auto single = Make(SinglePass{}, static_cast<int64_t>(seed));
    auto best = Make(BestOfN{1}, static_cast<int64_t>(seed));
    ASSERT_EQ(Describe(RunSearch(*single, RandomWorld(seed))),
              Describe(RunSearch(*best, RandomWorld(seed))));
  }
}

// A drawn adaptive beam.
AdaptiveBeam DrawAdaptiveBeam(uint64_t seed) {
  for (;; seed += kSearches) {
    const Strategy strategy = DrawStrategy(seed);
    if (const auto* beam = std::get_if<AdaptiveBeam>(&strategy)) return *beam;
  }
}

// Calls `check` with drawn adaptive beams and their runs.
template <class Check>
void ForAdaptiveBeams(const Check& check) {
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    const AdaptiveBeam beam = DrawAdaptiveBeam(seed);
    auto search = Make(beam, static_cast<int64_t>(seed));
    check(beam, RunSearch(*search, RandomWorld(seed)));
    if (testing::Test::HasFailure()) return;
  }
}

TEST(AdaptiveBeams, DrawEachTimeAsManyAsBeforeUpToTheirMost) {
  int largest = 0;
  ForAdaptiveBeams([&](const AdaptiveBeam& beam, const Record& run) {
    for (const std::vector<Expand>& draws : Draws(run)) {
      int drawn = 0;
      for (const Expand& expand : draws) {
        ASSERT_EQ(expand.branches.size(), 1u);
        EXPECT_EQ(expand.branches[0].first_candidate_index, drawn);
        EXPECT_EQ(Asked(expand),
                  drawn == 0 ? beam.initial_candidate_count
                             : std::min(drawn, beam.candidate_count - drawn));
        drawn += Asked(expand);
      }
      largest = std::max(largest, static_cast<int>(draws.size()));
    }
  });
  EXPECT_GE(largest, 6);
}

TEST(AdaptiveBeams, TraceEveryDrawOfAStageBehindTheOneBefore) {
  ForAdaptiveBeams([](const AdaptiveBeam&, const Record& run) {
    const auto stages = Draws(run);
    ASSERT_EQ(stages.size(), run.trace.size());
    for (size_t i = 0; i < stages.size(); ++i) {
      std::vector<int> draws;
      for (size_t draw = 0; draw < stages[i].size(); ++draw) {
        draws.insert(draws.end(), static_cast<size_t>(Asked(stages[i][draw])),
                     static_cast<int>(draw));
      }
      std::vector<int> traced;
      for (const TracedCandidate& candidate : run.trace[i].candidates)
        traced.push_back(candidate.draw);
      EXPECT_EQ(traced, draws);
    }
  });
}

TEST(AdaptiveBeams, ThatDrawAllAtOnceAreStageBeams) {
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    AdaptiveBeam beam = DrawAdaptiveBeam(seed);
    beam.initial_candidate_count = beam.candidate_count;
    auto adaptive = Make(beam, static_cast<int64_t>(seed));
    auto stage =
        Make(StageBeam{beam.candidate_count, 1}, static_cast<int64_t>(seed));
    ASSERT_EQ(Describe(RunSearch(*adaptive, RandomWorld(seed))),
              Describe(RunSearch(*stage, RandomWorld(seed))));
  }
}

TEST(AdaptiveBeams, DrawTheFirstCandidatesOfAStageBeam) {
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    const AdaptiveBeam beam = DrawAdaptiveBeam(seed);
    auto adaptive = Make(beam, 3);
    auto stage = Make(StageBeam{beam.candidate_count, 1}, 3);
    const Record mine = RunSearch(*adaptive, RandomWorld(seed));
    const Record all = RunSearch(*stage, RandomWorld(seed));
    // Of the first stage: later ones have other prefixes.
    const auto& some = mine.trace[0].candidates;
    ASSERT_LE(some.size(), all.trace[0].candidates.size());
    for (size_t i = 0; i < some.size(); ++i)
      EXPECT_EQ(some[i].text, all.trace[0].candidates[i].text);
  }
}

TEST(EverySearch, SurvivesAJudgeThatFailsNowAndThen) {
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    auto search = Make(DrawStrategy(seed), 5);
    const Script world = RandomWorld(seed);
    RandomStream random(seed);
    bool failed = false;
    while (!search->Done()) {
      Ask ask = search->Next();
      absl::Status told;
      if (auto* expand = std::get_if<Expand>(&ask)) {
        told = search->Tell(world.sample(*expand));
      } else if (random.Below(3) == 0) {
        failed = true;
        told = search->Tell(JudgeUnavailable{"down"});
      } else {
        told = search->Tell(world.judge(std::get<Compare>(ask)));
      }
      ASSERT_TRUE(told.ok()) << told;
    }
    const auto& reported = search->outcome().degradations;
    EXPECT_EQ(std::count_if(reported.begin(), reported.end(),
                            [](const Degradation& d) {
                              return d.kind ==
                                     DegradationKind::kJudgeUnavailable;
                            }),
              failed ? 1 : 0);
  }
}

// Answers that do not fit `ask`.
std::vector<absl::Status> TellNonsense(Search& search, const Ask& ask) {
  std::vector<absl::Status> told;
  if (const auto* expand = std::get_if<Expand>(&ask)) {
    const size_t branches = expand->branches.size();
    told.push_back(search.Tell(Compared{}));
    told.push_back(search.Tell(JudgeUnavailable{"x"}));
    told.push_back(search.Tell(Expanded{}));
    told.push_back(search.Tell(
        Expanded{std::vector<std::vector<Candidate>>(branches), {}}));
    Expanded many;
    for (const Branch& branch : expand->branches) {
      many.sets.emplace_back(static_cast<size_t>(branch.count) + 1);
      many.appended_token_ids.emplace_back();
    }
    told.push_back(search.Tell(many));
    many.sets.emplace_back();
    told.push_back(search.Tell(many));
  } else {
    Compared wrong;
    wrong.verdicts.resize(std::get<Compare>(ask).pairs.size() + 1);
    told.push_back(search.Tell(wrong));
    told.push_back(search.Tell(Compared{}));
    told.push_back(search.Tell(Expanded{{{Candidate{}}}, {}}));
  }
  return told;
}

TEST(EverySearch, RefusesWrongAnswersAndGoesOnUnchanged) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    auto search = Make(DrawStrategy(seed), static_cast<int64_t>(seed) * 31);
    const Script world = RandomWorld(seed);
    const auto pester = [&](const Ask& ask) {
      for (const absl::Status& status : TellNonsense(*search, ask)) {
        EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      }
    };
    const Script pestering = {[&](const Expand& expand) {
                                pester(expand);
                                return world.sample(expand);
                              },
                              [&](const Compare& compare) {
                                pester(compare);
                                return world.judge(compare);
                              }};
    EXPECT_EQ(Describe(RunSearch(*search, pestering)),
              Describe(RunDrawn(seed)));
    EXPECT_FALSE(search->Tell(JudgeUnavailable{"x"}).ok());
    EXPECT_FALSE(search->Tell(Compared{}).ok());
    EXPECT_FALSE(search->Tell(Expanded{{{Candidate{}}}, {}}).ok());
    if (HasFailure()) return;
  }
}

TEST(EverySearch, ComesToAnEndSoonOnceShortened) {
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    auto search = Make(DrawStrategy(seed), 9);
    const Script world = RandomWorld(seed);
    ASSERT_TRUE(
        search->Tell(world.sample(std::get<Expand>(search->Next()))).ok());
    search->Shorten("late");
    while (!search->Done() && std::holds_alternative<Compare>(search->Next())) {
      ASSERT_TRUE(
          search->Tell(world.judge(std::get<Compare>(search->Next()))).ok());
    }
    const Record rest = RunSearch(*search, world);
    EXPECT_THAT(rest.compares, testing::IsEmpty());
    for (const Expand& expand : rest.expands) EXPECT_EQ(Asked(expand), 1);
  }
}

// The candidates of `expanded` that `random` says have come, some of them.
Partial SomeOf(const Expand& expand, const Expanded& expanded,
               RandomStream& random) {
  Partial partial;
  for (size_t b = 0; b < expand.branches.size(); ++b) {
    auto& set = partial.sets.emplace_back(
        static_cast<size_t>(expand.branches[b].count));
    for (size_t i = 0; i < expanded.sets[b].size(); ++i) {
      if (random.Below(4) > 0) set[i] = expanded.sets[b][i];
    }
  }
  return partial;
}

// Everything of a comparison but its candidates' texts and its pairs.
std::string FrameOf(const Compare& compare) {
  return std::to_string(static_cast<int>(compare.stage)) + " " +
         std::to_string(static_cast<int>(compare.subject)) + " " +
         std::to_string(compare.seed) + " " +
         std::to_string(compare.candidates.size()) + " " + compare.hint;
}

// Duels that a search foresaw, and those of them that it asked for.
struct Foresight {
  int foreseen = 0;
  int asked = 0;
};

// Runs a search and looks ahead before every Tell of candidates. Fails the test
// where a foreseen duel that is asked is not the one foreseen.
Foresight RunForeseeing(Search& search, const Script& world, uint64_t seed) {
  Foresight total;
  RandomStream random(seed);
  std::optional<Compare> foreseen;
  const Script script = {
      [&](const Expand& expand) {
        const Expanded expanded = world.sample(expand);
        foreseen = search.Foresee(SomeOf(expand, expanded, random));
        return expanded;
      },
      [&](const Compare& compare) {
        if (!foreseen) return world.judge(compare);
        for (const Pair& pair : foreseen->pairs) {
          ++total.foreseen;
          const auto same = [&](const Pair& asked) {
            return asked.first == pair.first && asked.second == pair.second;
          };
          if (std::none_of(compare.pairs.begin(), compare.pairs.end(), same))
            continue;
          ++total.asked;
          if (foreseen->candidates.size() != compare.candidates.size())
            continue;  // A set came short, and others took its indices.
          EXPECT_EQ(FrameOf(*foreseen), FrameOf(compare));
          for (int fighter : {pair.first, pair.second}) {
            EXPECT_EQ(foreseen->candidates[static_cast<size_t>(fighter)],
                      compare.candidates[static_cast<size_t>(fighter)]);
          }
        }
        foreseen.reset();
        return world.judge(compare);
      }};
  RunSearch(search, script);
  return total;
}

TEST(EverySearch, ForeseesDuelsAsItAsksForThem) {
  Foresight total;
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    auto search = Make(DrawStrategy(seed), static_cast<int64_t>(seed) * 31);
    const Foresight of = RunForeseeing(*search, RandomWorld(seed), seed);
    total.foreseen += of.foreseen;
    total.asked += of.asked;
    if (HasFailure()) return;
  }
  EXPECT_GT(total.asked, 1000);
  EXPECT_GT(total.foreseen, total.asked);
}

TEST(EverySearch, IsNotChangedByForeseeing) {
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    auto search = Make(DrawStrategy(seed), static_cast<int64_t>(seed) * 31);
    const Script world = RandomWorld(seed);
    RandomStream random(seed);
    const Script script = {
        [&](const Expand& expand) {
          Expanded expanded = world.sample(expand);
          for (int i = 0; i < 3; ++i) {
            search->Foresee(SomeOf(expand, expanded, random));
          }
          return expanded;
        },
        [&](const Compare& compare) {
          EXPECT_FALSE(search->Foresee({}));
          return world.judge(compare);
        }};
    EXPECT_EQ(Describe(RunSearch(*search, script)), Describe(RunDrawn(seed)));
    if (HasFailure()) return;
  }
}

// Candidates that all may fight, no two alike.
Expanded DistinctAndEligible(const Expand& expand) {
  Expanded expanded;
  int next = 0;
  for (const Branch& branch : expand.branches) {
    next += branch.first_candidate_index;
    auto& set = expanded.sets.emplace_back();
    for (int i = 0; i < branch.count; ++i) {
      const std::string word = std::to_string(next++);
      const bool whole = expand.stage == Stage::kResponse;
      const Stage stage = whole ? Stage::kConclusion : expand.stage;
      set.push_back(
          Said(OpeningTag(stage) + " " + word + " " + ClosingTag(stage),
               -static_cast<double>((next * 7) % 5)));
    }
    expanded.appended_token_ids.emplace_back();
  }
  return expanded;
}

TEST(EverySearch, AsksForEveryForeseenDuelWhereNobodyDropsOut) {
  int foreseen = 0;
  for (uint64_t seed = 0; seed < kSearches; ++seed) {
    SCOPED_TRACE(seed);
    auto search = Make(DrawStrategy(seed), static_cast<int64_t>(seed));
    const Foresight of = RunForeseeing(
        *search, {DistinctAndEligible, RandomWorld(seed).judge}, seed);
    EXPECT_EQ(of.asked, of.foreseen);
    foreseen += of.foreseen;
    if (HasFailure()) return;
  }
  EXPECT_GT(foreseen, 1000);
}

TEST(EverySearch, ForeseesNothingWhereThePartDoesNotFit) {
  auto search = Make(StageBeam{4, 1});
  const auto expand = std::get<Expand>(search->Next());
  RandomStream random(1);
  Partial all = SomeOf(expand, DistinctAndEligible(expand), random);
  for (auto& candidate : all.sets[0])
    candidate = Said("<SUMMARY> a </SUMMARY>");
  EXPECT_FALSE(search->Foresee({}));
  all.sets.emplace_back();
  EXPECT_FALSE(search->Foresee(all));
  all.sets.resize(1);
  all.sets[0].pop_back();
  EXPECT_FALSE(search->Foresee(all));
}

}  // namespace
}  // namespace stagebeam::search
