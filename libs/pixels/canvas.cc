#include "libs/pixels/canvas.h"

#include <algorithm>
#include <cmath>

namespace stagebeam::pixels {
namespace {

// True where scale `a` suits better than `b`: enlarging beats shrinking, and
// then the nearer to 1 the better.
bool Suits(double a, double b) {
  if ((a >= 1) != (b >= 1)) return a >= 1;
  return a >= 1 ? a < b : a > b;
}

Canvas ChooseArrangement(int width, int height, int tile_size, int max_tiles) {
  Canvas best;
  double best_scale = 0;
  int id = 0;
  for (int rows = 1; rows <= max_tiles; ++rows) {
    for (int columns = 1; rows * columns <= max_tiles; ++columns) {
      ++id;
      const double scale =
          std::min(static_cast<double>(rows * tile_size) / height,
                   static_cast<double>(columns * tile_size) / width);
      const bool smaller = rows * columns < best.rows * best.columns;
      if (id == 1 || Suits(scale, best_scale) ||
          (scale == best_scale && smaller)) {
        best = {.rows = rows, .columns = columns, .aspect_ratio_id = id};
        best_scale = scale;
      }
    }
  }
  return best;
}

// One side of the picture when the other one decides the scale.
int FollowingSide(int side, double scale, int limit) {
  return std::min(std::max(static_cast<int>(std::floor(side * scale)), 1),
                  limit);
}

}  // namespace

Canvas ChooseCanvas(int width, int height, int tile_size, int max_tiles) {
  Canvas canvas = ChooseArrangement(width, height, tile_size, max_tiles);
  const int target_width =
      std::clamp(width, tile_size, canvas.columns * tile_size);
  const int target_height =
      std::clamp(height, tile_size, canvas.rows * tile_size);
  const double scale_width = static_cast<double>(target_width) / width;
  const double scale_height = static_cast<double>(target_height) / height;
  if (scale_width < scale_height) {
    canvas.width = target_width;
    canvas.height = FollowingSide(height, scale_width, target_height);
  } else {
    canvas.height = target_height;
    canvas.width = FollowingSide(width, scale_height, target_width);
  }
  return canvas;
}

}  // namespace stagebeam::pixels
