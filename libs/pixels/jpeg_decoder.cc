#include "libs/pixels/jpeg_decoder.h"

#include <jpeglib.h>

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "libs/pixels/image_limits.h"

namespace stagebeam::pixels {
namespace {

// Real progressive files have about ten. Each scan may cost a pass over the
// whole picture and take a few bytes, so there must be a limit.
constexpr int kMaxScans = 100;

enum class Failure { kBroken, kTruncated, kTooManyScans };

// libjpeg's structures and how reading failed. No members with destructors of
// their own: errors leave libjpeg by longjmp.
struct JpegReader {
  JpegReader() { std::memset(&decoder, 0, sizeof(decoder)); }
  ~JpegReader() { jpeg_destroy_decompress(&decoder); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  jpeg_decompress_struct decoder;
  jpeg_error_mgr errors;
  jpeg_source_mgr source;
  jpeg_progress_mgr progress;
  std::jmp_buf on_error;
  Failure failure = Failure::kBroken;
};

JpegReader& ReaderOf(j_common_ptr common) {
  return *static_cast<JpegReader*>(common->client_data);
}

[[noreturn]] void Fail(JpegReader& reader, Failure failure) {
  reader.failure = failure;
  std::longjmp(reader.on_error, 1);
}

[[noreturn]] void OnError(j_common_ptr common) {
  Fail(ReaderOf(common), Failure::kBroken);
}
void OnMessage(j_common_ptr) {}
void OnWarning(j_common_ptr, int) {}

void OnProgress(j_common_ptr common) {
  JpegReader& reader = ReaderOf(common);
  if (reader.decoder.input_scan_number > kMaxScans)
    Fail(reader, Failure::kTooManyScans);
}

void InitSource(j_decompress_ptr) {}
void TermSource(j_decompress_ptr) {}

// The whole file is there from the start: wanting more means that it is cut.
boolean FillInput(j_decompress_ptr decoder) {
  Fail(*static_cast<JpegReader*>(decoder->client_data), Failure::kTruncated);
}

void SkipInput(j_decompress_ptr decoder, long count) {
  if (count <= 0) return;
  jpeg_source_mgr& source = *decoder->src;
  if (static_cast<size_t>(count) > source.bytes_in_buffer) FillInput(decoder);
  source.next_input_byte += count;
  source.bytes_in_buffer -= count;
}

void ConnectSource(JpegReader& reader, std::string_view file) {
  reader.source.next_input_byte = reinterpret_cast<const JOCTET*>(file.data());
  reader.source.bytes_in_buffer = file.size();
  reader.source.init_source = InitSource;
  reader.source.fill_input_buffer = FillInput;
  reader.source.skip_input_data = SkipInput;
  reader.source.resync_to_restart = jpeg_resync_to_restart;
  reader.source.term_source = TermSource;
  reader.decoder.src = &reader.source;
}

void ConnectErrors(JpegReader& reader) {
  reader.decoder.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = OnError;
  reader.errors.output_message = OnMessage;
  reader.errors.emit_message = OnWarning;
  reader.decoder.client_data = &reader;
}

// Reads up to the first scan. False: libjpeg gave up. It jumps back to here, so
// nothing in here may have a destructor.
bool ReadHeader(JpegReader& reader, std::string_view file) {
  ConnectErrors(reader);
  if (setjmp(reader.on_error) != 0) return false;
  jpeg_create_decompress(&reader.decoder);
  ConnectSource(reader, file);
  reader.progress.progress_monitor = OnProgress;
  reader.decoder.progress = &reader.progress;
  jpeg_read_header(&reader.decoder, TRUE);
  return true;
}

// The colours to ask libjpeg for; JCS_UNKNOWN: a count of components that no
// picture has.
J_COLOR_SPACE OutputColours(const jpeg_decompress_struct& decoder) {
  switch (decoder.num_components) {
    case 1:
      return JCS_GRAYSCALE;
    case 3:
      return JCS_RGB;
    case 4:
      return JCS_CMYK;
    default:
      return JCS_UNKNOWN;
  }
}

// CMYK to RGB as Pillow does, from samples stored inverted: colour * black /
// 255, rounded as Pillow rounds.
void WriteInvertedCmyk(const uint8_t* cmyk, uint8_t* rgb) {
  const int light = cmyk[3];
  for (int c = 0; c < 3; ++c) {
    const int product = (255 - cmyk[c]) * light + 128;
    rgb[c] = static_cast<uint8_t>(light - (((product >> 8) + product) >> 8));
  }
}

void ConvertRow(const uint8_t* row, int components, int width, uint8_t* rgb) {
  for (int x = 0; x < width; ++x, row += components, rgb += 3) {
    if (components == 4) {
      WriteInvertedCmyk(row, rgb);
    } else {
      std::memset(rgb, row[0], 3);
    }
  }
}

// Reads all rows to `image`, by way of `row` where they are not RGB. As for
// ReadHeader: no destructors in here.
bool ReadRows(JpegReader& reader, uint8_t* row, RgbImage& image) {
  if (setjmp(reader.on_error) != 0) return false;
  jpeg_start_decompress(&reader.decoder);
  for (int y = 0; y < image.height; ++y) {
    uint8_t* rgb = image.data.data() + size_t{3} * y * image.width;
    const int components = reader.decoder.output_components;
    JSAMPROW target = components == 3 ? rgb : row;
    jpeg_read_scanlines(&reader.decoder, &target, 1);
    if (components != 3) ConvertRow(row, components, image.width, rgb);
  }
  jpeg_finish_decompress(&reader.decoder);
  return true;
}

absl::Status ErrorOf(const JpegReader& reader) {
  switch (reader.failure) {
    case Failure::kTruncated:
      return ImageError("truncated JPEG");
    case Failure::kTooManyScans:
      return ImageError("JPEG of more than 100 scans");
    case Failure::kBroken:
      break;
  }
  return ImageError("broken JPEG");
}

bool HasLength(uint8_t marker) {
  return marker != 0x01 && (marker < 0xD0 || marker > 0xD8);
}

}  // namespace

bool LooksLikeJpeg(std::string_view file) {
  return file.substr(0, 3) == "\xFF\xD8\xFF";
}

absl::StatusOr<RgbImage> DecodeJpeg(std::string_view file,
                                    const ImageLimits& limits) {
  JpegReader reader;
  if (!ReadHeader(reader, file)) return ErrorOf(reader);
  jpeg_decompress_struct& decoder = reader.decoder;
  absl::Status size =
      CheckSize(decoder.image_width, decoder.image_height, limits);
  if (!size.ok()) return size;
  decoder.out_color_space = OutputColours(decoder);
  if (decoder.out_color_space == JCS_UNKNOWN) return ImageError("broken JPEG");

  RgbImage image = BlankImage(decoder.image_width, decoder.image_height);
  std::vector<uint8_t> row(size_t{4} * image.width);
  if (!ReadRows(reader, row.data(), image)) return ErrorOf(reader);
  return image;
}

std::string_view FindJpegExif(std::string_view file) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  constexpr uint8_t kApp1 = 0xE1;
  constexpr uint8_t kStartOfScan = 0xDA;
  size_t position = 2;
  while (position + 4 <= file.size() && file[position] == '\xFF') {
    const uint8_t marker = static_cast<uint8_t>(file[position + 1]);
    if (marker == kStartOfScan) break;
    if (marker == 0xFF || !HasLength(marker)) {
      position += marker == 0xFF ? 1 : 2;
      continue;
    }
    const size_t length = static_cast<uint8_t>(file[position + 2]) << 8 |  //
                          static_cast<uint8_t>(file[position + 3]);
    if (length < 2 || length > file.size() - position - 2) break;
    const std::string_view segment = file.substr(position + 4, length - 2);
    if (marker == kApp1 && segment.substr(0, kExif.size()) == kExif)
      return segment;
    position += 2 + length;
  }
  return {};
}

}  // namespace stagebeam::pixels
