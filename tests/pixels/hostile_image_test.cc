#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

#include "libs/pixels/image_decoder.h"
#include "tests/pixels/golden_samples.h"

namespace stagebeam::pixels {
namespace {

using ::testing::AnyOf;
using ::testing::StartsWith;

std::string Sample(const std::string& name) {
  return ReadTestFile("tests/pixels/samples/" + name);
}

std::string ErrorOf(const std::string& file, const ImageLimits& limits = {}) {
  const auto image = DecodeImage(file, limits);
  if (image.ok()) return "no error";
  EXPECT_EQ(image.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(image.status().message());
}

std::string BigEndian32(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string Chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const uint32_t sum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), body.size());
  return BigEndian32(data.size()) + body + BigEndian32(sum);
}

std::string Deflate(const std::string& data) {
  std::string out(compressBound(data.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(data.data()), data.size());
  out.resize(size);
  return out;
}

// An RGB PNG of this size, with `chunks` after the header.
std::string Png(uint32_t width, uint32_t height, const std::string& chunks) {
  const std::string header = BigEndian32(width) + BigEndian32(height) +
                             std::string("\x08\x02\0\0\0", 5);
  return "\x89PNG\r\n\x1a\n" + Chunk("IHDR", header) + chunks +
         Chunk("IEND", "");
}

std::string OneWhitePixel() {
  return Chunk("IDAT", Deflate(std::string("\0\xff\xff\xff", 4)));
}

TEST(DecodeImage, RefusesWhatIsNoPicture) {
  EXPECT_EQ(ErrorOf(""), "image: empty");
  EXPECT_EQ(ErrorOf("hello, picture"), "image: not a PNG, JPEG or WebP file");
  EXPECT_EQ(ErrorOf(std::string(5000, '\0')),
            "image: not a PNG, JPEG or WebP file");
  EXPECT_EQ(ErrorOf(std::string("RIFF\x04\0\0\0WAVE", 12)),
            "image: not a PNG, JPEG or WebP file");
}

TEST(DecodeImage, NamesTheFormatsThatItDoesNotRead) {
  EXPECT_EQ(ErrorOf(std::string("GIF89a\1\0\1\0", 10)),
            "image: GIF is not supported, send PNG, JPEG or WebP");
  EXPECT_EQ(ErrorOf("BM123456"),
            "image: BMP is not supported, send PNG, JPEG or WebP");
  EXPECT_EQ(ErrorOf(std::string("II*\0abcd", 8)),
            "image: TIFF is not supported, send PNG, JPEG or WebP");
  EXPECT_EQ(ErrorOf(std::string("\0\0\0\x18"
                                "ftypheic",
                                12)),
            "image: HEIC is not supported, send PNG, JPEG or WebP");
  EXPECT_EQ(ErrorOf(std::string("\0\0\0\x18"
                                "ftypavif",
                                12)),
            "image: AVIF is not supported, send PNG, JPEG or WebP");
}

TEST(DecodeImage, ChecksTheSideOfPngByItsHeaderAlone) {
  EXPECT_EQ(ErrorOf(Png(60000, 60000, "")),
            "image: 60000x60000 pixels, the limit of a side is 16384");
  EXPECT_EQ(
      ErrorOf(Png(0x7fffffff, 0x7fffffff, "")),
      "image: 2147483647x2147483647 pixels, the limit of a side is 16384");
  EXPECT_EQ(ErrorOf(Png(0, 5, "")), "image: 0x5 pixels, a side is empty");
}

TEST(DecodeImage, ChecksThePixelsOfPngByItsHeaderAlone) {
  EXPECT_EQ(ErrorOf(Png(16000, 16000, "")),
            "image: 16000x16000 pixels are 256000000, the limit is 67108864");
}

TEST(DecodeImage, ChecksTheSizeOfJpegByItsHeaderAlone) {
  std::string file = Sample("ycc420.jpg");
  const size_t frame = file.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  file.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  EXPECT_EQ(ErrorOf(file),
            "image: 65500x65500 pixels, the limit of a side is 16384");
  EXPECT_EQ(ErrorOf(file.substr(0, frame + 30)), "image: truncated JPEG");
}

TEST(DecodeImage, ChecksTheSizeOfWebpByItsHeaderAlone) {
  std::string file = Sample("animation.webp");
  file.replace(24, 6, "\x5f\xea\x00\x5f\xea\x00", 6);
  EXPECT_EQ(ErrorOf(file),
            "image: 60000x60000 pixels, the limit of a side is 16384");
}

TEST(DecodeImage, KeepsTheCallersLimits) {
  const std::string png = Sample("rgb8.png");  // 13 x 9
  EXPECT_EQ(ErrorOf(png, {.max_bytes = 10}),
            "image: " + std::to_string(png.size()) + " bytes, the limit is 10");
  EXPECT_EQ(ErrorOf(png, {.max_side = 12}),
            "image: 13x9 pixels, the limit of a side is 12");
  EXPECT_EQ(ErrorOf(png, {.max_pixels = 116}),
            "image: 13x9 pixels are 117, the limit is 116");
  EXPECT_EQ(
      ErrorOf(png, {.max_bytes = 4096, .max_side = 13, .max_pixels = 117}),
      "no error");
}

TEST(DecodeImage, RefusesEveryTruncation) {
  for (const GoldenSample& sample : GoldenSamples()) {
    if (sample.name == "trailing_bytes.jpg") continue;
    const size_t step = 1 + sample.file.size() / 60;
    for (size_t size = 1; size < sample.file.size(); size += step) {
      EXPECT_THAT(ErrorOf(sample.file.substr(0, size)),
                  AnyOf(StartsWith("image: truncated"),
                        "image: not a PNG, JPEG or WebP file"))
          << sample.name << " at " << size;
    }
  }
}

TEST(DecodeImage, RefusesABrokenPng) {
  std::string file = Sample("rgb8.png");
  file[file.size() / 2] ^= 0x55;
  EXPECT_EQ(ErrorOf(file), "image: broken PNG");
  EXPECT_EQ(ErrorOf(Png(1, 1, Chunk("IDAT", "no zlib stream"))),
            "image: broken PNG");
  EXPECT_EQ(ErrorOf(Png(1, 1, "")), "image: broken PNG");
}

TEST(DecodeImage, SkipsCompressedTextAndProfilesUnread) {
  const std::string bomb = Deflate(std::string(64 << 20, 'A'));
  const std::string chunks =
      Chunk("iCCP", std::string("p\0\0", 3) + bomb) +
      Chunk("zTXt", std::string("Comment\0\0", 9) + bomb) +
      Chunk("iTXt", std::string("Title\0\1\0\0\0", 10) + bomb);
  const auto image = DecodeImage(Png(1, 1, chunks + OneWhitePixel()), {});
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->data, std::vector<uint8_t>(3, 255));
}

TEST(DecodeImage, SkipsThousandsOfChunks) {
  std::string chunks;
  for (int i = 0; i < 20000; ++i)
    chunks += Chunk("tEXt", std::string("k\0v", 3));
  EXPECT_EQ(ErrorOf(Png(1, 1, chunks + OneWhitePixel())), "no error");
}

TEST(DecodeImage, LimitsTheScansOfAProgressiveJpeg) {
  const std::string file = Sample("progressive.jpg");
  // The first scan, tables of its own in front, again and again.
  const size_t scan = file.find("\xFF\xDA");
  const size_t end = file.find("\xFF\xC4", scan);
  ASSERT_NE(end, std::string::npos);
  std::string bomb = file.substr(0, scan);
  for (int i = 0; i < 500; ++i) bomb += file.substr(scan, end - scan);
  bomb += file.substr(end);
  EXPECT_EQ(ErrorOf(bomb), "image: JPEG of more than 100 scans");
}

TEST(DecodeImage, RefusesABrokenWebp) {
  std::string file = Sample("lossless.webp");
  for (size_t i = 25; i < file.size(); ++i) file[i] = '\xff';
  EXPECT_EQ(ErrorOf(file), "image: broken WebP");
}

// Makes the checksums of a PNG's chunks right again, so that a mutation gets
// past them.
void RepairChecksums(std::string& file) {
  size_t position = 8;
  while (position + 12 <= file.size()) {
    const auto* bytes = reinterpret_cast<const Bytef*>(file.data() + position);
    const size_t length =
        bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    if (length > file.size() - position - 12) return;
    file.replace(position + 8 + length, 4,
                 BigEndian32(crc32(0, bytes + 4, length + 4)));
    position += 12 + length;
  }
}

// Flips, cuts and doubles bytes of every sample. Whatever comes out is a
// picture within the limits or one error of this room.
TEST(DecodeImage, SurvivesMutatedFiles) {
  std::mt19937 random(20240607);
  const ImageLimits limits = {
      .max_bytes = 1 << 20, .max_side = 2000, .max_pixels = 200000};
  int refused = 0;
  for (int i = 0; i < 2500; ++i) {
    const GoldenSample& sample =
        GoldenSamples()[random() % GoldenSamples().size()];
    std::string file = sample.file;
    for (uint32_t flips = 1 + random() % 6; flips > 0; --flips) {
      file[random() % file.size()] ^= static_cast<char>(1 << random() % 8);
    }
    if (random() % 4 == 0) file.resize(random() % file.size());
    if (random() % 8 == 0) file += file.substr(file.size() / 2);
    if (random() % 2 == 0 && file.starts_with("\x89PNG")) RepairChecksums(file);
    const auto image = DecodeImage(file, limits);
    if (image.ok()) {
      ASSERT_EQ(image->data.size(), size_t{3} * image->width * image->height);
      ASSERT_LE(int64_t{1} * image->width * image->height, limits.max_pixels);
    } else {
      ++refused;
      ASSERT_EQ(image.status().code(), absl::StatusCode::kInvalidArgument)
          << image.status();
      ASSERT_THAT(std::string(image.status().message()), StartsWith("image: "));
    }
  }
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace stagebeam::pixels
