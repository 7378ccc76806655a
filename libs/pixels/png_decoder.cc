#include "libs/pixels/png_decoder.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <vector>

#include "libs/pixels/composition.h"
#include "libs/pixels/image_limits.h"

namespace stagebeam::pixels {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr size_t kChunkFrame = 12;  // length, type and checksum

uint32_t BigEndian32(std::string_view file, size_t offset) {
  return png_get_uint_32(
      reinterpret_cast<png_const_bytep>(file.data() + offset));
}

// What libpng delivers for one pixel after the transformations of BeginRead.
enum class Layout { kGrey, kGrey16, kGreyAlpha, kPalette, kRgb, kRgba };

// libpng's two structures, the file they read from, and what they found.
// Trivially destructible members only: errors leave libpng by longjmp.
struct PngReader {
  explicit PngReader(std::string_view bytes) : file(bytes) {}
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string_view file;
  size_t position = 0;
  bool truncated = false;

  Layout layout = Layout::kRgb;
  size_t row_bytes = 0;
  int passes = 1;
  // Grey with a key: this value is transparent. -1: no key.
  int grey_key = -1;
  // RGBA of each palette index.
  std::array<std::array<uint8_t, 4>, 256> palette;
};

void ReadBytes(png_structp png, png_bytep out, size_t size) {
  auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
  if (reader.file.size() - reader.position < size) {
    reader.truncated = true;
    png_error(png, "end of file");
  }
  std::memcpy(out, reader.file.data() + reader.position, size);
  reader.position += size;
}

[[noreturn]] void OnError(png_structp png, png_const_charp) {
  png_longjmp(png, 1);
}
void OnWarning(png_structp, png_const_charp) {}

// The rows' layout, and the transformations that lead to it.
Layout ChooseLayout(PngReader& reader) {
  const int depth = png_get_bit_depth(reader.png, reader.info);
  const int colour = png_get_color_type(reader.png, reader.info);
  if (colour == PNG_COLOR_TYPE_PALETTE) {
    png_set_packing(reader.png);
    return Layout::kPalette;
  }
  if (colour == PNG_COLOR_TYPE_GRAY) {
    if (depth < 8) png_set_expand_gray_1_2_4_to_8(reader.png);
    return depth == 16 ? Layout::kGrey16 : Layout::kGrey;
  }
  png_set_strip_16(reader.png);
  if (colour == PNG_COLOR_TYPE_GRAY_ALPHA) return Layout::kGreyAlpha;
  return colour == PNG_COLOR_TYPE_RGB ? Layout::kRgb : Layout::kRgba;
}

// Pillow compares the key, as written, with samples scaled to 8 bits; with
// 1-bit pictures it scales the key too.
void ReadGreyKey(PngReader& reader) {
  png_color_16p key = nullptr;
  if (png_get_tRNS(reader.png, reader.info, nullptr, nullptr, &key) == 0 ||
      key == nullptr)
    return;
  const bool bilevel = png_get_bit_depth(reader.png, reader.info) == 1;
  reader.grey_key = bilevel ? (key->gray != 0 ? 255 : 0) : key->gray;
}

// Indices without an entry are opaque black, as in Pillow.
void ReadPalette(PngReader& reader) {
  reader.palette.fill({0, 0, 0, 255});
  png_colorp colours = nullptr;
  int count = 0;
  png_get_PLTE(reader.png, reader.info, &colours, &count);
  for (int i = 0; i < count && i < 256; ++i) {
    reader.palette[i] = {colours[i].red, colours[i].green, colours[i].blue,
                         255};
  }
  png_bytep alphas = nullptr;
  count = 0;
  if (png_get_tRNS(reader.png, reader.info, &alphas, &count, nullptr) == 0)
    return;
  for (int i = 0; alphas != nullptr && i < count && i < 256; ++i)
    reader.palette[i][3] = alphas[i];
}

// Reads up to the first row. False: libpng gave up. It jumps back to here, so
// nothing in here may have a destructor.
bool BeginRead(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_read_fn(reader.png, &reader, ReadBytes);
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // Skips every ancillary chunk but tRNS unread: no inflated text or profile.
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(reader.png, reader.info);

  reader.layout = ChooseLayout(reader);
  if (reader.layout == Layout::kGrey || reader.layout == Layout::kGrey16)
    ReadGreyKey(reader);
  if (reader.layout == Layout::kPalette) ReadPalette(reader);
  reader.passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  reader.row_bytes = png_get_rowbytes(reader.png, reader.info);
  return true;
}

// 16-bit grey is clipped, not scaled: Pillow's way from mode I;16.
uint8_t Clip16(const uint8_t* sample) {
  return sample[0] != 0 ? 255 : sample[1];
}

// Grey, white where transparent.
void WriteGrey(uint8_t grey, bool transparent, uint8_t* rgb) {
  std::memset(rgb, transparent ? 255 : grey, 3);
}

void ConvertRow(const PngReader& reader, const uint8_t* row, int width,
                uint8_t* rgb) {
  for (int x = 0; x < width; ++x, rgb += 3) {
    switch (reader.layout) {
      case Layout::kGrey:
        WriteGrey(row[x], row[x] == reader.grey_key, rgb);
        break;
      case Layout::kGrey16:
        WriteGrey(Clip16(row + 2 * x), false, rgb);
        break;
      case Layout::kGreyAlpha:
        std::memset(rgb, OverWhite(row[2 * x], row[2 * x + 1]), 3);
        break;
      case Layout::kPalette:
        ComposeOverWhite(reader.palette[row[x]].data(), rgb);
        break;
      case Layout::kRgb:
        std::memcpy(rgb, row + 3 * x, 3);
        break;
      case Layout::kRgba:
        ComposeOverWhite(row + 4 * x, rgb);
        break;
    }
  }
}

// Reads all rows to `image`. `rows` holds one row, or the whole picture where
// it is interlaced. As for BeginRead: no destructors in here.
bool ReadRows(PngReader& reader, uint8_t* rows, RgbImage& image) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  const size_t stride = reader.passes > 1 ? reader.row_bytes : 0;
  for (int pass = 0; pass < reader.passes; ++pass) {
    for (int y = 0; y < image.height; ++y) {
      uint8_t* row = rows + y * stride;
      png_read_row(reader.png, row, nullptr);
      if (pass + 1 < reader.passes) continue;
      ConvertRow(reader, row, image.width,
                 image.data.data() + size_t{3} * y * image.width);
    }
  }
  png_read_end(reader.png, nullptr);
  return true;
}

absl::Status Broken(const PngReader& reader) {
  return ImageError(reader.truncated ? "truncated PNG" : "broken PNG");
}

// Size by the IHDR chunk, which must come first.
absl::Status CheckHeader(std::string_view file, const ImageLimits& limits) {
  const size_t type = kSignature.size() + 4;
  if (file.size() < kSignature.size() + kChunkFrame + 13)
    return ImageError("truncated PNG");
  if (file.substr(type, 4) != "IHDR") return ImageError("broken PNG");
  return CheckSize(BigEndian32(file, type + 4), BigEndian32(file, type + 8),
                   limits);
}

}  // namespace

bool LooksLikePng(std::string_view file) {
  return file.substr(0, kSignature.size()) == kSignature;
}

absl::StatusOr<RgbImage> DecodePng(std::string_view file,
                                   const ImageLimits& limits) {
  if (absl::Status status = CheckHeader(file, limits); !status.ok())
    return status;
  PngReader reader(file);
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, OnError,
                                      OnWarning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr)
    return absl::ResourceExhaustedError("image: out of memory");
  if (!BeginRead(reader)) return Broken(reader);

  RgbImage image = BlankImage(png_get_image_width(reader.png, reader.info),
                              png_get_image_height(reader.png, reader.info));
  std::vector<uint8_t> rows(reader.row_bytes *
                            (reader.passes > 1 ? image.height : 1));
  if (!ReadRows(reader, rows.data(), image)) return Broken(reader);
  return image;
}

std::string_view FindPngExif(std::string_view file) {
  size_t position = kSignature.size();
  while (position + kChunkFrame <= file.size()) {
    const size_t length = BigEndian32(file, position);
    if (length > file.size() - position - kChunkFrame) break;
    if (file.substr(position + 4, 4) == "eXIf")
      return file.substr(position + 8, length);
    position += kChunkFrame + length;
  }
  return {};
}

}  // namespace stagebeam::pixels
