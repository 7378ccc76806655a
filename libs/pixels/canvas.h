#ifndef STAGEBEAM_LIBS_PIXELS_CANVAS_H_
#define STAGEBEAM_LIBS_PIXELS_CANVAS_H_

namespace stagebeam::pixels {

// The tiles that a picture gets, and its size on them. All sides are at
// least 1.
struct Canvas {
  // Tiles high and wide.
  int rows = 1;
  int columns = 1;
  // 1 + place of (rows, columns) in the list of arrangements: all pairs whose
  // product is at most max_tiles, by rows, then columns.
  int aspect_ratio_id = 1;
  // Size of the resized picture in pixels, within the canvas.
  int width = 0;
  int height = 0;
};

// Chooses as Hugging Face's MllamaImageProcessor does: the arrangement that
// enlarges the picture least, or, where none can hold it, shrinks it least; of
// equal ones the smallest. A picture smaller than a tile grows until one side
// is a tile's; one between a tile and its canvas keeps its size.
Canvas ChooseCanvas(int width, int height, int tile_size, int max_tiles);

}  // namespace stagebeam::pixels

#endif  // STAGEBEAM_LIBS_PIXELS_CANVAS_H_
