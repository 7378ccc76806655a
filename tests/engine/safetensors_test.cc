#include "libs/engine/safetensors.h"

#include <sys/stat.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/scratch_directory.h"

namespace stagebeam::engine {
namespace {

using testing::HasSubstr;

constexpr char kTwoTensors[] =
    R"({"__metadata__":{"format":"pt"},)"
    R"("a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
    R"("b":{"dtype":"BF16","shape":[5],"data_offsets":[24,34]}})";

std::string TwoTensors() {
  return SafetensorsBytes(kTwoTensors, std::string(34, 'x'));
}

TEST(Safetensors, GivesEveryTensorWithItsPlaceInTheFile) {
  const ScratchDirectory scratch;
  const auto tensors =
      OpenSafetensors(scratch.Write("model.safetensors", TwoTensors()));
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_EQ(tensors->size(), 2u);
  EXPECT_EQ(tensors->at("a").dtype, StoredType::kFloat32);
  EXPECT_THAT(tensors->at("a").shape, testing::ElementsAre(2, 3));
  EXPECT_EQ(
      std::string(tensors->at("a").bytes.begin(), tensors->at("a").bytes.end()),
      std::string(24, 'x'));
  EXPECT_EQ(tensors->at("b").dtype, StoredType::kBFloat16);
  EXPECT_EQ(tensors->at("b").bytes.size(), 10u);
}

TEST(Safetensors, ViewsOutliveTheTable) {
  const ScratchDirectory scratch;
  TensorView view;
  {
    auto tensors =
        OpenSafetensors(scratch.Write("model.safetensors", TwoTensors()));
    ASSERT_TRUE(tensors.ok());
    view = tensors->at("b");
  }
  EXPECT_EQ(view.bytes[9], 'x');
}

TEST(Safetensors, HoldsScalarsAndEmptyTensors) {
  const ScratchDirectory scratch;
  const auto tensors = OpenSafetensors(scratch.Write(
      "f", SafetensorsBytes(
               R"({"s":{"dtype":"F16","shape":[],"data_offsets":[0,2]},)"
               R"("e":{"dtype":"F32","shape":[4,0],"data_offsets":[2,2]}})",
               "xx")));
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_EQ(tensors->at("s").bytes.size(), 2u);
  EXPECT_TRUE(tensors->at("e").bytes.empty());
}

// A header that must be refused, and words of the message.
struct Hostile {
  std::string entry;
  std::string words;
};

class HostileHeader : public testing::TestWithParam<Hostile> {};

TEST_P(HostileHeader, IsRefusedByTensorName) {
  const ScratchDirectory scratch;
  const std::string header = R"({"t":)" + GetParam().entry + "}";
  const auto tensors = OpenSafetensors(
      scratch.Write("model.safetensors", SafetensorsBytes(header, "12345678")));
  EXPECT_EQ(tensors.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(tensors.status().message(),
              HasSubstr("model.safetensors: tensor t "));
  EXPECT_THAT(tensors.status().message(), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Safetensors, HostileHeader,
    testing::Values(
        Hostile{"7", "is not an object"}, Hostile{"{}", "has no dtype"},
        Hostile{R"({"dtype":3})", "has no dtype"},
        Hostile{R"({"dtype":"I64","shape":[1],"data_offsets":[0,8]})",
                "has a dtype other than"},
        Hostile{R"({"dtype":"F32"})", "has a shape"},
        Hostile{R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})",
                "has a shape"},
        Hostile{R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})",
                "has a shape"},
        Hostile{R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})",
                "has a shape"},
        Hostile{
            R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})",
            "has a shape"},
        Hostile{
            R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]})",
            "has a shape"},
        Hostile{
            R"({"dtype":"F32","shape":[99999999999999999999999],"data_offsets":[0,8]})",
            "has a shape"},
        Hostile{
            R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]})",
            "another size than its shape"},
        Hostile{R"({"dtype":"F32","shape":[2]})", "data_offsets"},
        Hostile{R"({"dtype":"F32","shape":[2],"data_offsets":[0]})",
                "data_offsets"},
        Hostile{R"({"dtype":"F32","shape":[2],"data_offsets":[0,8,8]})",
                "data_offsets"},
        Hostile{R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})",
                "data_offsets"},
        Hostile{R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})",
                "outside the file"},
        Hostile{R"({"dtype":"F32","shape":[2],"data_offsets":[1,9]})",
                "outside the file"},
        Hostile{
            R"({"dtype":"F32","shape":[2],"data_offsets":[9223372036854775799,9223372036854775807]})",
            "outside the file"},
        Hostile{R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})",
                "another size than its shape"}));

TEST(Safetensors, RefusesTensorsThatOverlap) {
  const ScratchDirectory scratch;
  const auto tensors = OpenSafetensors(scratch.Write(
      "f", SafetensorsBytes(
               R"({"s":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
               R"("t":{"dtype":"F16","shape":[2],"data_offsets":[2,6]}})",
               "123456")));
  EXPECT_THAT(tensors.status().message(), HasSubstr("tensors s and t overlap"));
}

TEST(Safetensors, RefusesFilesThatHaveNoHeader) {
  const ScratchDirectory scratch;
  const std::string good = TwoTensors();
  const std::vector<std::string> bad = {
      "",
      "1234567",
      good.substr(0, 40),
      std::string(8, '\xff') + good.substr(8),
      SafetensorsBytes("[]", ""),
      SafetensorsBytes("", ""),
      SafetensorsBytes("{\"a\":", ""),
      SafetensorsBytes(std::string(100'000, '['), ""),
      SafetensorsBytes(std::string(50'000, '{'), "")};
  for (const std::string& content : bad) {
    const auto tensors =
        OpenSafetensors(scratch.Write("model.safetensors", content));
    EXPECT_EQ(tensors.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(tensors.status().message(), HasSubstr("model.safetensors"));
  }
}

TEST(Safetensors, RefusesWhatIsNoRegularFile) {
  const ScratchDirectory scratch;
  EXPECT_EQ(OpenSafetensors(scratch.path() + "/none").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(OpenSafetensors(scratch.path()).status().code(),
            absl::StatusCode::kInvalidArgument);
  const std::string pipe = scratch.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(OpenSafetensors(pipe).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Every view of whatever file must lie inside the mapping: reading it is the
// proof, under the address sanitizer above all.
TEST(Safetensors, MutatedFilesNeverReachOutsideThemselves) {
  const ScratchDirectory scratch;
  const std::string good = TwoTensors();
  std::mt19937 random(5);
  int accepted = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = good;
    for (unsigned i = 0; i <= random() % 4; ++i) {
      bytes[random() % bytes.size()] =
          static_cast<char>(random() % 3 ? '0' + random() % 10 : random());
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    const auto tensors =
        OpenSafetensors(scratch.Write("model.safetensors", bytes));
    if (!tensors.ok()) continue;
    ++accepted;
    int sum = 0;
    for (const auto& [name, view] : *tensors) {
      for (const char byte : view.bytes) sum += byte;
    }
    EXPECT_GE(sum, -1'000'000);
  }
  EXPECT_GT(accepted, 0);
}

// ---- Shards ----------------------------------------------------------------

std::string OneTensor(const std::string& name) {
  return SafetensorsBytes(
      absl::StrCat("{\"", name,
                   R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"),
      "1234");
}

TEST(CheckpointTensors, ComeFromAllShards) {
  const ScratchDirectory scratch;
  scratch.Write("one.safetensors", OneTensor("a"));
  scratch.Write("two.safetensors", OneTensor("b"));
  scratch.Write(
      "model.safetensors.index.json",
      R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  const auto tensors = OpenCheckpointTensors(scratch.path());
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_EQ(tensors->size(), 2u);
}

TEST(CheckpointTensors, RefuseAnIndexThatTheShardsDoNotMatch) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[]", "has no weight_map object"},
      {R"({"weight_map":[]})", "has no weight_map object"},
      {R"({"weight_map":{"a":7}})", "weight_map.a is no plain file name"},
      {R"({"weight_map":{"a":""}})", "weight_map.a is no plain file name"},
      {R"({"weight_map":{"a":".."}})", "weight_map.a is no plain file name"},
      {R"({"weight_map":{"a":"../one.safetensors"}})",
       "weight_map.a is no plain file name"},
      {R"({"weight_map":{"a":"/etc/passwd"}})",
       "weight_map.a is no plain file name"},
      {R"({"weight_map":{"a":"one.safetensors\u0000"}})",
       "weight_map.a is no plain file name"},
      {R"({"weight_map":{"a":"absent.safetensors"}})",
       "absent.safetensors: cannot be opened"},
      {R"({"weight_map":{"z":"one.safetensors"}})",
       "tensor z of the index is missing"},
      {R"({"weight_map":{"b":"both.safetensors"}})",
       "tensor a is not in the index"}};
  const ScratchDirectory scratch;
  scratch.Write("one.safetensors", OneTensor("a"));
  scratch.Write("both.safetensors", TwoTensors());
  for (const auto& [index, words] : cases) {
    scratch.Write("model.safetensors.index.json", index);
    const auto tensors = OpenCheckpointTensors(scratch.path());
    EXPECT_FALSE(tensors.ok()) << index;
    EXPECT_THAT(tensors.status().message(), HasSubstr(words));
  }
}

TEST(CheckpointTensors, SayWhatADirectoryLacks) {
  const ScratchDirectory scratch;
  const auto tensors = OpenCheckpointTensors(scratch.path());
  EXPECT_EQ(tensors.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(tensors.status().message(),
              HasSubstr("neither model.safetensors nor"));
}

}  // namespace
}  // namespace stagebeam::engine
