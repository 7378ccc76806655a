#include "cli/flag_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stagebeam::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Targets {
  std::string name = "unset";
  std::optional<int> count;
  absl::Duration wait;
  bool loud = false;
};

FlagSet MakeFlags(Targets* targets) {
  FlagSet flags;
  flags.Add("name", "TEXT", "what it is called", &targets->name);
  flags.Add("count", "N", "how many", &targets->count);
  flags.Add("wait", "TIME", "how long", &targets->wait);
  flags.AddSwitch("loud", "more of it", &targets->loud);
  return flags;
}

TEST(FlagSet, ValuesComeAfterABlankOrAnEqualsSign) {
  Targets targets;
  const auto others = MakeFlags(&targets).Parse(
      {"--name", "a b", "--count=-3", "--wait", "1.5m"});
  ASSERT_TRUE(others.ok()) << others.status();
  EXPECT_EQ(targets.name, "a b");
  EXPECT_EQ(targets.count, -3);
  EXPECT_EQ(targets.wait, absl::Seconds(90));
  EXPECT_FALSE(targets.loud);
}

TEST(FlagSet, OtherArgumentsComeBackInOrder) {
  Targets targets;
  const auto others =
      MakeFlags(&targets).Parse({"first", "--loud", "-", "--", "--name"});
  ASSERT_TRUE(others.ok()) << others.status();
  EXPECT_THAT(*others, ElementsAre("first", "-", "--name"));
  EXPECT_TRUE(targets.loud);
}

TEST(FlagSet, AnAbsentFlagLeavesItsTarget) {
  Targets targets;
  ASSERT_TRUE(MakeFlags(&targets).Parse({}).ok());
  EXPECT_EQ(targets.name, "unset");
  EXPECT_EQ(targets.count, std::nullopt);
}

std::string ErrorOf(const std::vector<std::string>& arguments) {
  Targets targets;
  return std::string(MakeFlags(&targets).Parse(arguments).status().message());
}

TEST(FlagSet, EveryMistakeNamesTheFlag) {
  EXPECT_EQ(ErrorOf({"--colour"}), "--colour: no such flag");
  EXPECT_EQ(ErrorOf({"--count"}), "--count: needs a value");
  EXPECT_EQ(ErrorOf({"--count", "many"}), "--count: 'many' is not an integer");
  EXPECT_EQ(ErrorOf({"--count=99999999999"}),
            "--count: '99999999999' is not an integer");
  EXPECT_EQ(ErrorOf({"--wait=soon"}),
            "--wait: 'soon' is not a time such as 90s or 2m");
  EXPECT_EQ(ErrorOf({"--loud=yes"}), "--loud: takes no value");
}

TEST(FlagSet, UsageHasALineForEachFlag) {
  Targets targets;
  const std::string usage = MakeFlags(&targets).Usage();
  EXPECT_THAT(usage, HasSubstr("  --count N    how many\n"));
  EXPECT_THAT(usage, HasSubstr("  --loud       more of it\n"));
}

}  // namespace
}  // namespace stagebeam::cli
