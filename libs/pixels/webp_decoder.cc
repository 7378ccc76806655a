#include "libs/pixels/webp_decoder.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "libs/pixels/composition.h"
#include "libs/pixels/image_limits.h"

namespace stagebeam::pixels {
namespace {

constexpr size_t kFileHeader = 12;  // "RIFF", size, "WEBP"
constexpr size_t kChunkHeader = 8;  // type, size

struct DemuxerDeleter {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, DemuxerDeleter>;

uint32_t LittleEndian32(std::string_view file, size_t offset) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i)
    value = value << 8 | static_cast<uint8_t>(file[offset + i]);
  return value;
}

WebPData DataOf(std::string_view file) {
  return {reinterpret_cast<const uint8_t*>(file.data()), file.size()};
}

// libwebp tells cut files from broken ones by state alone, so the container's
// own length decides.
absl::Status Broken(std::string_view file) {
  const uint64_t size =
      file.size() < kFileHeader ? UINT64_MAX : LittleEndian32(file, 4);
  return ImageError(size + 8 > file.size() ? "truncated WebP" : "broken WebP");
}

// The first frame's pixels and where on the canvas they lie.
struct Frame {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgba;
};

bool DecodeFirstFrame(const WebPDemuxer* demuxer, Frame& frame) {
  WebPIterator iterator;
  if (WebPDemuxGetFrame(demuxer, 1, &iterator) == 0) return false;
  frame = {iterator.x_offset,
           iterator.y_offset,
           iterator.width,
           iterator.height,
           {}};
  const WebPData data = iterator.fragment;
  const bool complete = iterator.complete != 0;
  WebPDemuxReleaseIterator(&iterator);
  int width = 0;
  int height = 0;
  if (!complete || WebPGetInfo(data.bytes, data.size, &width, &height) == 0)
    return false;
  if (width != frame.width || height != frame.height) return false;
  frame.rgba.resize(size_t{4} * width * height);
  return WebPDecodeRGBAInto(data.bytes, data.size, frame.rgba.data(),
                            frame.rgba.size(), 4 * width) != nullptr;
}

// Without alpha the canvas around the frame is black, with alpha it is
// transparent and so white.
void Paint(const Frame& frame, bool has_alpha, RgbImage& canvas) {
  if (has_alpha) std::memset(canvas.data.data(), 255, canvas.data.size());
  const uint8_t* rgba = frame.rgba.data();
  for (int y = 0; y < frame.height; ++y) {
    uint8_t* rgb =
        canvas.data.data() +  //
        size_t{3} * (size_t{1} * (frame.y + y) * canvas.width + frame.x);
    for (int x = 0; x < frame.width; ++x, rgba += 4, rgb += 3) {
      if (has_alpha) {
        ComposeOverWhite(rgba, rgb);
      } else {
        std::memcpy(rgb, rgba, 3);
      }
    }
  }
}

}  // namespace

bool LooksLikeWebp(std::string_view file) {
  return file.substr(0, 4) == "RIFF" && file.size() >= kFileHeader &&
         file.substr(8, 4) == "WEBP";
}

absl::StatusOr<RgbImage> DecodeWebp(std::string_view file,
                                    const ImageLimits& limits) {
  const WebPData data = DataOf(file);
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  const Demuxer header(WebPDemuxPartial(&data, &state));
  if (header == nullptr || state < WEBP_DEMUX_PARSED_HEADER)
    return Broken(file);
  const int64_t width = WebPDemuxGetI(header.get(), WEBP_FF_CANVAS_WIDTH);
  const int64_t height = WebPDemuxGetI(header.get(), WEBP_FF_CANVAS_HEIGHT);
  if (absl::Status size = CheckSize(width, height, limits); !size.ok())
    return size;
  if (state != WEBP_DEMUX_DONE) return Broken(file);

  Frame frame;
  if (!DecodeFirstFrame(header.get(), frame)) return Broken(file);
  if (frame.x + int64_t{frame.width} > width ||
      frame.y + int64_t{frame.height} > height) {
    return ImageError("broken WebP");
  }
  RgbImage image = BlankImage(width, height);
  const bool has_alpha =
      (WebPDemuxGetI(header.get(), WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG) != 0;
  Paint(frame, has_alpha, image);
  return image;
}

std::string_view FindWebpExif(std::string_view file) {
  size_t position = kFileHeader;
  while (position + kChunkHeader <= file.size()) {
    const size_t length = LittleEndian32(file, position + 4);
    if (length > file.size() - position - kChunkHeader) break;
    const std::string_view content =
        file.substr(position + kChunkHeader, length);
    if (file.substr(position, 4) == "EXIF") return content;
    position += kChunkHeader + length + length % 2;
  }
  return {};
}

}  // namespace stagebeam::pixels
