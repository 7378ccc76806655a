#include "libs/engine/mapped_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "tests/engine/scratch_directory.h"

namespace stagebeam::engine {
namespace {

// Many pages, none like another.
std::string Content() {
  std::string content;
  while (content.size() < size_t{1} << 20)
    content += std::to_string(content.size()) + ",";
  return content;
}

std::string_view TextOf(const MappedFile& file) {
  return {file.bytes().data(), file.bytes().size()};
}

class MappedFileTest : public testing::Test {
 protected:
  MappedFileTest() { scratch_.Write("file", content_); }

  std::string path() const { return scratch_.path() + "/file"; }

  const std::string content_ = Content();
  ScratchDirectory scratch_;
};

TEST_F(MappedFileTest, ShowsTheWholeFile) {
  const auto file = MappedFile::Open(path());
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(TextOf(**file), content_);
}

TEST_F(MappedFileTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(MappedFile::Open(scratch_.path() + "/none").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(MappedFile::Open(scratch_.path()).status().code(),
            absl::StatusCode::kInvalidArgument);
  scratch_.Write("empty", "");
  EXPECT_EQ(MappedFile::Open(scratch_.path() + "/empty").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(MappedFileTest, ForgottenBytesAreReadAgain) {
  const auto file = *MappedFile::Open(path());
  EXPECT_EQ(TextOf(*file), content_);
  const std::span<const char> bytes = file->bytes();
  ForgetMapped(bytes);
  EXPECT_EQ(TextOf(*file), content_);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{5000}, size_t{99999}})
    ForgetMapped(bytes.subspan(4097, size));
  EXPECT_EQ(TextOf(*file), content_);
}

// Resident memory of the mapping that begins at `address`, in KiB; -1 where the
// system does not say.
int ResidentKib(const char* address) {
  std::ifstream maps("/proc/self/smaps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    const size_t dash = line.find('-');
    if (dash != std::string::npos && dash < 17 && line.find(':') > dash)
      found = std::stoull(line.substr(0, dash), nullptr, 16) ==
              reinterpret_cast<uintptr_t>(address);
    if (found && line.starts_with("Rss:")) return std::stoi(line.substr(4));
  }
  return -1;
}

TEST_F(MappedFileTest, ForgottenPagesLeaveTheProcess) {
  const auto file = *MappedFile::Open(path());
  EXPECT_EQ(TextOf(*file), content_);
  const char* const begin = file->bytes().data();
  const int before = ResidentKib(begin);
  if (before < 0) GTEST_SKIP() << "no /proc/self/smaps here";
  EXPECT_GE(before, 1024);
  ForgetMapped(file->bytes());
  // The last page is not whole.
  EXPECT_LE(ResidentKib(begin), 4);
}

}  // namespace
}  // namespace stagebeam::engine
