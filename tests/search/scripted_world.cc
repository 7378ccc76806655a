#include "tests/search/scripted_world.h"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>
#include <variant>

#include "libs/search/random.h"
#include "libs/search/response_text.h"

namespace stagebeam::search {
namespace {

uint64_t Hash(const std::string& text, uint64_t seed) {
  uint64_t hash = seed;
  for (char c : text)
    hash = RandomStream(hash ^ static_cast<unsigned char>(c)).Next();
  return hash;
}

std::string Show(const Expand& expand) {
  std::ostringstream out;
  out << "expand " << static_cast<int>(expand.stage) << ' '
      << expand.stage_index << ' ' << expand.stop_after_sentence;
  for (const std::string& stop : expand.stop_strings) out << ' ' << stop;
  for (const Branch& branch : expand.branches) {
    out << " [" << branch.parent << ' ' << branch.count << ' '
        << branch.first_candidate_index << ' ' << branch.seed << ' '
        << branch.appended_text;
    for (int32_t token : branch.prefix_token_ids) out << ' ' << token;
    out << ']';
  }
  return out.str() + "\n";
}

std::string Show(const Compare& compare) {
  std::ostringstream out;
  out << "compare " << static_cast<int>(compare.subject) << ' ' << compare.seed
      << ' ' << compare.hint;
  for (const std::string& text : compare.candidates) out << '|' << text;
  for (const Pair& pair : compare.pairs)
    out << ' ' << pair.first << ':' << pair.second;
  return out.str() + "\n";
}

// What candidate `index` of a branch is drawn from: like a generator's streams,
// it does not depend on how many are asked for with it.
uint64_t StreamOf(const Expand& expand, Branch branch, int index,
                  uint64_t seed) {
  branch.count = branch.first_candidate_index = 0;
  return Hash(Show({expand.stage, expand.stage_index, {branch}, {}, false}) +
                  std::to_string(index),
              seed);
}

// The text of one drawn candidate, and how it ends.
Candidate DrawCandidate(const Expand& expand, RandomStream& random) {
  const std::string word(1, static_cast<char>('a' + random.Below(4)));
  const Stage stage = expand.stage;
  const auto kind = random.Below(10);
  const double logprob = -static_cast<double>(random.Below(1000)) / 100;
  if (stage == Stage::kResponse) {
    std::string text = "<SUMMARY> " + word + " </SUMMARY>";
    if (kind < 7) text += " <CONCLUSION> " + word + " </CONCLUSION>";
    return Said(text, logprob,
                kind == 9 ? Finish::kLength : Finish::kEndOfTurn);
  }
  if (expand.stop_after_sentence && kind < 5) return Said(word + ". ", logprob);
  const std::string opened = OpeningTag(stage) + " " + word;
  if (kind < 7) return Said(opened + " " + ClosingTag(stage), logprob);
  if (kind == 7) return Said(opened, logprob, Finish::kLength);
  if (kind == 8)
    return Said(opened + " <REASONING> x", logprob, Finish::kEndOfTurn);
  return Said("", 0, Finish::kEndOfTurn);
}

}  // namespace

std::unique_ptr<Search> Make(const Strategy& strategy, int64_t seed) {
  auto search = MakeSearch(strategy, seed);
  EXPECT_TRUE(search.ok()) << search.status();
  return *std::move(search);
}

Record RunSearch(Search& search, const Script& script) {
  Record run;
  while (!search.Done()) {
    Ask ask = search.Next();
    Ask again = search.Next();
    if (auto* expand = std::get_if<Expand>(&ask)) {
      EXPECT_EQ(Show(*expand), Show(std::get<Expand>(again)));
      run.expands.push_back(*expand);
      EXPECT_EQ(search.Tell(script.sample(*expand)), absl::OkStatus());
    } else {
      const auto& compare = std::get<Compare>(ask);
      EXPECT_EQ(Show(compare), Show(std::get<Compare>(again)));
      run.compares.push_back(compare);
      EXPECT_EQ(search.Tell(script.judge(compare)), absl::OkStatus());
    }
    if (testing::Test::HasFailure()) return run;
  }
  run.trace = search.trace();
  run.outcome = search.outcome();
  return run;
}

Candidate Said(const std::string& text, double logprob, Finish finish) {
  Candidate candidate{text, {}, finish, logprob};
  for (size_t at = 0; at < text.size(); at += 4) {
    candidate.token_ids.push_back(
        static_cast<int32_t>(Hash(text.substr(at, 4), 7) % 1000));
  }
  return candidate;
}

Expanded OneSet(std::vector<Candidate> candidates) {
  return {{std::move(candidates)}, {{-1}}};
}

Compared GreaterTextWins(const Compare& compare) {
  Compared compared;
  for (const Pair& pair : compare.pairs) {
    const bool first = compare.candidates[static_cast<size_t>(pair.first)] >
                       compare.candidates[static_cast<size_t>(pair.second)];
    compared.verdicts.push_back({first, 0.9, "greater"});
  }
  return compared;
}

Script RandomWorld(uint64_t seed) {
  Script script;
  script.sample = [seed](const Expand& expand) {
    Expanded expanded;
    for (const Branch& branch : expand.branches) {
      RandomStream luck(StreamOf(expand, branch, -1, seed));
      const bool is_short = expanded.sets.size() + 1 < expand.branches.size() &&
                            luck.Below(8) == 0;
      auto& set = expanded.sets.emplace_back();
      for (int i = 0; i < branch.count && !is_short; ++i) {
        RandomStream random(
            StreamOf(expand, branch, branch.first_candidate_index + i, seed));
        set.push_back(DrawCandidate(expand, random));
      }
      expanded.appended_token_ids.push_back(
          Said(branch.appended_text).token_ids);
    }
    return expanded;
  };
  script.judge = [seed](const Compare& compare) {
    RandomStream random(Hash(Show(compare), seed));
    Compared compared;
    for (size_t i = 0; i < compare.pairs.size(); ++i) {
      const bool first = random.Below(2) == 0;
      compared.verdicts.push_back(
          {first, 0.5 + static_cast<double>(random.Below(50)) / 100, ""});
    }
    return compared;
  };
  return script;
}

std::string Describe(const Record& run) {
  std::ostringstream out;
  for (const Expand& expand : run.expands) out << Show(expand);
  for (const Compare& compare : run.compares) out << Show(compare);
  for (const ExpansionTrace& expansion : run.trace) {
    for (const TracedCandidate& c : expansion.candidates) {
      out << c.text << ' ' << c.logprob << ' ' << c.parent << ' ' << c.eligible
          << ' ' << c.draw << '\n';
    }
    for (const TracedDuel& d : expansion.duels) {
      out << d.first << ' ' << d.second << ' ' << d.winner << '\n';
    }
    for (int survivor : expansion.survivors) out << survivor << ' ';
  }
  out << run.outcome.answer;
  for (const StageText& stage : run.outcome.stages) out << '|' << stage.text;
  for (const Degradation& d : run.outcome.degradations) out << '|' << d.detail;
  return out.str();
}

}  // namespace stagebeam::search
