#include "services/judge/template_text.h"

#include <gtest/gtest.h>

namespace stagebeam::judge {
namespace {

TEST(TemplateText, NamesAreReplacedWhereverTheyStand) {
  EXPECT_EQ(FillTemplate("{a}{b} {a}!", {{"a", "1"}, {"b", "2"}}), "12 1!");
}

TEST(TemplateText, ValuesAreNotLookedAtAgain) {
  EXPECT_EQ(FillTemplate("{a} {b}", {{"a", "{b}"}, {"b", "{a}"}}), "{b} {a}");
  EXPECT_EQ(FillTemplate("{{a}}", {{"a", "a"}}), "{a}");
}

TEST(TemplateText, BracesOfNoNameStay) {
  EXPECT_EQ(FillTemplate("{ {x} {}{a", {{"a", "1"}}), "{ {x} {}{a");
  EXPECT_EQ(FillTemplate("{{a} }{a}", {{"a", "1"}}), "{1 }1");
  EXPECT_EQ(FillTemplate("", {{"a", "1"}}), "");
}

TEST(TemplateText, ValuesMayBeEmpty) {
  EXPECT_EQ(FillTemplate("<{a}>", {{"a", ""}}), "<>");
}

}  // namespace
}  // namespace stagebeam::judge
