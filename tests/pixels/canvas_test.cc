#include "libs/pixels/canvas.h"

#include <gtest/gtest.h>

namespace stagebeam::pixels {
namespace {

TEST(ChooseCanvas, GivesASquareOneTile) {
  const Canvas canvas = ChooseCanvas(560, 560, 560, 4);
  EXPECT_EQ(canvas.rows, 1);
  EXPECT_EQ(canvas.columns, 1);
  EXPECT_EQ(canvas.aspect_ratio_id, 1);
}

TEST(ChooseCanvas, NumbersArrangementsByRowsThenColumns) {
  EXPECT_EQ(ChooseCanvas(1120, 560, 560, 4).aspect_ratio_id,
            2);  // 1 high, 2 wide
  EXPECT_EQ(ChooseCanvas(2240, 560, 560, 4).aspect_ratio_id,
            4);  // 1 high, 4 wide
  EXPECT_EQ(ChooseCanvas(560, 1120, 560, 4).aspect_ratio_id,
            5);  // 2 high, 1 wide
  EXPECT_EQ(ChooseCanvas(1120, 1120, 560, 4).aspect_ratio_id,
            6);  // 2 high, 2 wide
  EXPECT_EQ(ChooseCanvas(560, 2240, 560, 4).aspect_ratio_id,
            8);  // 4 high, 1 wide
}

TEST(ChooseCanvas, GrowsASmallPictureToOneTileSide) {
  const Canvas canvas = ChooseCanvas(100, 50, 560, 4);
  EXPECT_EQ(canvas.width, 560);
  EXPECT_EQ(canvas.height, 280);
}

TEST(ChooseCanvas, KeepsThePictureThatFits) {
  const Canvas canvas = ChooseCanvas(600, 700, 560, 4);
  EXPECT_EQ(canvas.rows * canvas.columns, 4);
  EXPECT_EQ(canvas.width, 600);
  EXPECT_EQ(canvas.height, 700);
}

TEST(ChooseCanvas, NeverShrinksASideToNothing) {
  const Canvas canvas = ChooseCanvas(16384, 1, 56, 4);
  EXPECT_EQ(canvas.height, 1);
  EXPECT_EQ(canvas.width, 224);
}

TEST(ChooseCanvas, StaysWithinTheTilesForEverySize) {
  for (int most = 1; most <= 6; ++most) {
    for (int width = 1; width < 90; width += 4) {
      for (int height = 1; height < 90; height += 3) {
        const Canvas canvas = ChooseCanvas(width, height, 14, most);
        ASSERT_LE(canvas.rows * canvas.columns, most);
        ASSERT_GE(std::min(canvas.width, canvas.height), 1);
        ASSERT_LE(canvas.width, canvas.columns * 14);
        ASSERT_LE(canvas.height, canvas.rows * 14);
      }
    }
  }
}

}  // namespace
}  // namespace stagebeam::pixels
