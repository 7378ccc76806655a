// Programs that are given nonsense: each ends at once, with an exit code that
// is not 0 and exactly one line that says why.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/cluster/process.h"
#include "tests/cluster/service_process.h"

namespace stagebeam::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::vector<std::string> kWorkers = {"encoder", "generator", "judge",
                                           "generator-judge"};
const std::vector<std::string> kServices = {"encoder", "generator", "judge",
                                            "generator-judge", "orchestrator"};

struct End {
  int exit_code = 0;
  std::vector<std::string> stderr_lines;
};

// Runs a service that is expected to give up.
End Run(const std::string& kind, const std::vector<std::string>& flags) {
  ScratchDirectory scratch;
  std::vector<std::string> argv = {ProgramPath(kind), "--listen=127.0.0.1:0",
                                   "--metrics_listen=127.0.0.1:0"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  auto process = Process::Start(argv, {.stderr_path = scratch.File("stderr")});
  EXPECT_TRUE(process.ok()) << process.status();
  const auto code = (*process)->Wait(absl::Now() + absl::Minutes(2));
  EXPECT_TRUE(code.ok()) << kind << " serves on: " << code.status();
  std::vector<std::string> lines =
      absl::StrSplit(ReadFile(scratch.File("stderr")), '\n', absl::SkipEmpty());
  return {code.value_or(0), std::move(lines)};
}

// The one line of a program that gave up as it should.
std::string Complaint(const std::string& kind,
                      const std::vector<std::string>& flags) {
  SCOPED_TRACE(absl::StrCat(kind, " ", flags.empty() ? "" : flags[0]));
  const End end = Run(kind, flags);
  EXPECT_GT(end.exit_code, 0);
  EXPECT_LT(end.exit_code, 128) << "ended by a signal";
  EXPECT_THAT(end.stderr_lines, SizeIs(1));
  return end.stderr_lines.empty() ? "" : end.stderr_lines[0];
}

TEST(BadFlag, UnknownOnesAreNamed) {
  for (const std::string& kind : kServices) {
    EXPECT_THAT(Complaint(kind, {"--no_such_flag=1"}),
                HasSubstr("no_such_flag"));
  }
}

TEST(BadFlag, UnreadableValuesAreNamed) {
  for (const std::string& kind : kServices) {
    EXPECT_THAT(Complaint(kind, {"--drain_timeout=soon"}),
                HasSubstr("drain_timeout"));
  }
}

TEST(BadFlag, ValuesOutOfRangeAreNamed) {
  for (const std::string& kind : kServices) {
    EXPECT_THAT(Complaint(kind, {"--max_message_bytes=1"}),
                HasSubstr("max_message_bytes"));
  }
  for (const std::string& kind : kWorkers) {
    EXPECT_THAT(Complaint(kind, {"--threads=-1"}), HasSubstr("threads"));
    EXPECT_THAT(Complaint(kind, {"--dtype=int3"}), HasSubstr("dtype"));
    EXPECT_THAT(Complaint(kind, {"--redis=host:port"}), HasSubstr("redis"));
  }
}

TEST(BadFlag, AnAddressThatCannotBeListenedOnIsNamed) {
  EXPECT_THAT(Complaint("orchestrator",
                        {"--generators=127.0.0.1:1", "--encoders=127.0.0.1:1",
                         "--judges=127.0.0.1:1", "--listen=256.0.0.1:x"}),
              HasSubstr("256.0.0.1:x"));
}

// A copy of the reference checkpoint to damage.
class BadCheckpoint : public ::testing::Test {
 protected:
  BadCheckpoint() {
    std::filesystem::copy(SourcePath("models/reference"), directory());
  }

  std::string directory() const { return scratch_.File("checkpoint"); }
  std::string weights() const {
    return absl::StrCat(directory(), "/model.safetensors");
  }
  void Write(const std::string& bytes) {
    std::ofstream(weights(), std::ios::binary | std::ios::trunc) << bytes;
  }
  // Replaces text of the header by text of the same length.
  void Patch(const std::string& from, const std::string& to) {
    ASSERT_EQ(from.size(), to.size());
    std::string bytes = ReadFile(weights());
    const size_t at = bytes.find(from);
    ASSERT_NE(at, bytes.npos) << from;
    Write(bytes.replace(at, from.size(), to));
  }
  // Every worker refuses it; what they say.
  void ExpectRefused(const std::string& complaint,
                     const std::vector<std::string>& kinds = kWorkers) {
    for (const std::string& kind : kinds) {
      EXPECT_THAT(Complaint(kind, {absl::StrCat("--checkpoint=", directory())}),
                  HasSubstr(complaint));
    }
  }

  ScratchDirectory scratch_;
};

TEST_F(BadCheckpoint, IsNotThere) {
  std::filesystem::remove_all(directory());
  ExpectRefused("checkpoint");
}

TEST_F(BadCheckpoint, IsTruncated) {
  std::filesystem::resize_file(weights(),
                               std::filesystem::file_size(weights()) / 2);
  ExpectRefused("model.safetensors");
}

TEST_F(BadCheckpoint, HasNoTextNorm) {
  Patch("\"language_model.model.norm.weight\"",
        "\"language_model.model.morn.weight\"");
  ExpectRefused("language_model.model.norm.weight", {"generator", "judge"});
}

TEST_F(BadCheckpoint, HasNoProjector) {
  Patch("multi_modal_projector.weight", "multi_modal_projektor.weight");
  ExpectRefused("multi_modal_projector.weight", {"encoder"});
}

TEST_F(BadCheckpoint, HasATensorOfAnotherShape) {
  Patch("\"shape\":[1040,192],\"data_offsets\":[0,399360]",
        "\"shape\":[192,1040],\"data_offsets\":[0,399360]");
  ExpectRefused("lm_head.weight", {"generator", "judge"});
}

TEST_F(BadCheckpoint, HasAProjectorOfAnotherShape) {
  Patch("\"shape\":[192,384]", "\"shape\":[384,192]");
  ExpectRefused("multi_modal_projector.weight", {"encoder"});
}

// Offsets that point outside the file, at memory that is not the file's.
TEST_F(BadCheckpoint, HasATensorOutsideTheFile) {
  Patch("\"data_offsets\":[6313224,6460680]",
        "\"data_offsets\":[9313224,9460680]");
  ExpectRefused("model.safetensors");
}

TEST_F(BadCheckpoint, HasAHeaderLongerThanTheFile) {
  Write(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10));
  ExpectRefused("model.safetensors");
}

TEST_F(BadCheckpoint, HasAHeaderThatIsNoJson) {
  Write(std::string("\x08\0\0\0\0\0\0\0not json", 16));
  ExpectRefused("model.safetensors");
}

}  // namespace
}  // namespace stagebeam::testing
