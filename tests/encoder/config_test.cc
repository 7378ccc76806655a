#include "services/encoder/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/flags/reflection.h"
#include "absl/time/clock.h"
#include "libs/serving/flag_parser.h"
#include "tests/cluster/process.h"

namespace stagebeam::encoder {
namespace {

using ::testing::HasSubstr;

// Reads one command line and leaves the flags as they were.
absl::StatusOr<Config> Read(std::vector<const char*> arguments) {
  const absl::FlagSaver saver;
  arguments.insert(arguments.begin(), "stagebeam-encoder");
  const auto help =
      serving::ParseFlags(static_cast<int>(arguments.size()), arguments.data());
  if (!help.ok()) return help.status();
  return ConfigFromFlags();
}

std::string ErrorOf(const char* argument) {
  const auto config = Read({argument});
  if (config.ok()) return "no error";
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(config.status().message());
}

TEST(EncoderConfig, HasDefaultsThatServe) {
  const auto config = Read({});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->engine.checkpoint, "models/reference");
  EXPECT_EQ(config->features.redis_addresses,
            std::vector<std::string>{"127.0.0.1:6379"});
}

TEST(EncoderConfig, ReadsItsFlags) {
  const auto config =
      Read({"--dtype=float32", "--redis=a:1,b:2", "--feature_budget=200ms",
            "--max_image_side=99", "--max_waiting_encodings=3"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->engine.dtype, engine::DType::kFloat32);
  EXPECT_EQ(config->features.redis_addresses.size(), 2u);
  EXPECT_EQ(config->encoder.once.cache_budget, absl::Milliseconds(200));
  EXPECT_EQ(config->encoder.limits.max_side, 99);
  EXPECT_EQ(config->queue.max_waiting, 3);
}

TEST(EncoderConfig, TakesNoRedisForAnAnswer) {
  const auto config = Read({"--redis="});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->features.redis_addresses.empty());
}

TEST(EncoderConfig, NamesTheFlagAndItsLimit) {
  EXPECT_THAT(ErrorOf("--weights=int8"),
              HasSubstr("--weights: must be packed or mapped"));
  EXPECT_THAT(ErrorOf("--dtype=int8"),
              HasSubstr("--dtype: must be bfloat16 or float32"));
  EXPECT_THAT(ErrorOf("--device=tpu"), HasSubstr("--device: must be cpu or"));
  EXPECT_THAT(ErrorOf("--checkpoint="), HasSubstr("--checkpoint: must name"));
  EXPECT_THAT(ErrorOf("--threads=-1"),
              HasSubstr("--threads: must be in [0, 1024], got -1"));
  EXPECT_THAT(
      ErrorOf("--max_running_encodings=0"),
      HasSubstr("--max_running_encodings: must be in [1, 1024], got 0"));
  EXPECT_THAT(
      ErrorOf("--max_waiting_encodings=-1"),
      HasSubstr("--max_waiting_encodings: must be in [0, 1048576], got -1"));
  EXPECT_THAT(ErrorOf("--max_image_bytes=0"), HasSubstr("--max_image_bytes"));
  EXPECT_THAT(ErrorOf("--max_image_bytes=99999999999"),
              HasSubstr("below --max_message_bytes"));
  EXPECT_THAT(ErrorOf("--max_image_side=0"), HasSubstr("--max_image_side"));
  EXPECT_THAT(ErrorOf("--max_image_pixels=0"), HasSubstr("--max_image_pixels"));
  EXPECT_THAT(ErrorOf("--feature_budget=0s"), HasSubstr("--feature_budget"));
  EXPECT_THAT(ErrorOf("--feature_time_to_live=-5s"),
              HasSubstr("--feature_time_to_live"));
  EXPECT_THAT(ErrorOf("--lease_time=inf"), HasSubstr("--lease_time"));
  EXPECT_THAT(ErrorOf("--feature_memory_bytes=-1"),
              HasSubstr("--feature_memory_bytes"));
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Runs the program to its end: exit code, and what it wrote on stderr.
std::pair<int, std::string> RunProgram(std::vector<std::string> arguments) {
  const testing::ScratchDirectory directory;
  arguments.insert(
      arguments.begin(),
      std::string(std::getenv("STAGEBEAM_BIN")) + "/stagebeam-encoder");
  auto process = testing::Process::Start(
      arguments, {directory.File("out"), directory.File("err")});
  EXPECT_TRUE(process.ok()) << process.status();
  const auto code = (*process)->Wait(absl::Now() + absl::Minutes(2));
  EXPECT_TRUE(code.ok()) << code.status();
  return {*code, ReadText(directory.File("err"))};
}

TEST(EncoderProgram, EndsWithCode2AndOneLineForWhatItCannotServe) {
  for (const char* argument :
       {"--no_such_flag", "--threads=many", "--dtype=int8", "--redis=host:port",
        "--checkpoint=/nowhere", "--listen=nonsense", "surplus"}) {
    SCOPED_TRACE(argument);
    const auto [code, errors] = RunProgram({argument});
    EXPECT_EQ(code, 2);
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
  }
}

}  // namespace
}  // namespace stagebeam::encoder
