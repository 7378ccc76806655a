#include "libs/engine/checkpoint.h"

#include <filesystem>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/golden.h"
#include "tests/engine/scratch_directory.h"

namespace stagebeam::engine {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr char kGolden[] = "tests/engine/golden/first_cross";

// A checkpoint of one safetensors file whose header and data a test may change.
class EditedCheckpoint {
 public:
  EditedCheckpoint() {
    scratch_.CopyFrom(kGolden);
    const std::string bytes = ReadFile(path());
    uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
      length = length << 8 | static_cast<uint8_t>(bytes[i]);
    header_ = json::parse(bytes.substr(8, length));
    data_ = bytes.substr(8 + length);
  }

  json& header() { return header_; }
  std::string& data() { return data_; }
  std::string path() const { return scratch_.path() + "/model.safetensors"; }

  void Rename(const std::string& from, const std::string& to) {
    header_[to] = header_[from];
    header_.erase(from);
  }
  void PatchConfig(const json& patch) {
    json config = json::parse(ReadFile(scratch_.path() + "/config.json"));
    config.merge_patch(patch);
    scratch_.Write("config.json", config.dump());
  }
  absl::StatusOr<std::unique_ptr<Checkpoint>> Open() {
    scratch_.Write("model.safetensors",
                   SafetensorsBytes(header_.dump(), data_));
    return Checkpoint::Open(scratch_.path());
  }

 private:
  ScratchDirectory scratch_;
  json header_;
  std::string data_;
};

void ExpectRefused(EditedCheckpoint& edited, const std::string& words) {
  const auto checkpoint = edited.Open();
  EXPECT_EQ(checkpoint.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(checkpoint.status().message(), HasSubstr(words));
}

TEST(Checkpoint, OpensEveryGoldenDirectory) {
  for (const std::string& name : GoldenNames()) {
    const auto checkpoint = Checkpoint::Open(LoadGolden(name).directory);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_TRUE(
        (*checkpoint)
            ->Has("language_model.model.layers.0.input_layernorm.weight"));
  }
}

TEST(Checkpoint, NamesTheTensorThatIsMissing) {
  EditedCheckpoint edited;
  edited.header().erase(
      "language_model.model.layers.3.cross_attn.k_norm.weight");
  ExpectRefused(edited,
                "tensor language_model.model.layers.3.cross_attn.k_norm.weight "
                "is missing");
}

TEST(Checkpoint, NamesTheTensorThatIsSurplus) {
  EditedCheckpoint edited;
  edited.header()["rotary.inv_freq"] = {
      {"dtype", "F32"}, {"shape", {0}}, {"data_offsets", {0, 0}}};
  ExpectRefused(edited, "tensor rotary.inv_freq is not one of the model's");
}

TEST(Checkpoint, NamesTheTensorOfAnotherShape) {
  EditedCheckpoint edited;
  edited.header()["multi_modal_projector.weight"]["shape"] = {120, 60};
  ExpectRefused(edited,
                "tensor multi_modal_projector.weight has shape [120, 60] "
                "instead of [60, 120]");
}

TEST(Checkpoint, RefusesATruncatedFile) {
  EditedCheckpoint edited;
  edited.data().resize(edited.data().size() - 1);
  ExpectRefused(edited, "lies outside the file");
}

TEST(Checkpoint, RefusesOneTensorUnderTwoNames) {
  EditedCheckpoint edited;
  edited.header()["model.multi_modal_projector.bias"] =
      edited.header()["multi_modal_projector.bias"];
  edited.header()["model.multi_modal_projector.bias"]["data_offsets"] = {
      edited.data().size(), edited.data().size() + 240};
  edited.data().append(240, 'x');
  ExpectRefused(edited,
                "tensor multi_modal_projector.bias is there under two names");
}

TEST(Checkpoint, RefusesATiedHeadThatBringsItsOwn) {
  EditedCheckpoint edited;
  edited.PatchConfig({{"text_config", {{"tie_word_embeddings", true}}}});
  ExpectRefused(
      edited, "tensor language_model.lm_head.weight is not one of the model's");
}

TEST(CheckpointDigest, DoesNotDependOnTheLayout) {
  EditedCheckpoint edited;
  const std::string digest = (*edited.Open())->digest();
  EXPECT_EQ(digest.size(), 64u);
  edited.Rename("language_model.lm_head.weight", "lm_head.weight");
  edited.Rename("language_model.model.norm.weight",
                "model.language_model.norm.weight");
  edited.Rename("multi_modal_projector.bias",
                "model.multi_modal_projector.bias");
  edited.header()["__metadata__"] = {{"format", "np"}};
  edited.PatchConfig({{"transformers_version", "9"}});
  EXPECT_EQ((*edited.Open())->digest(), digest);
}

TEST(CheckpointDigest, TellsWeightsApart) {
  EditedCheckpoint edited;
  const auto before = *edited.Open();
  const int64_t text =
      edited.header()["language_model.model.norm.weight"]["data_offsets"][0];
  edited.data()[text] ^= 1;
  const auto other_text = *edited.Open();
  EXPECT_NE(other_text->digest(), before->digest());
  EXPECT_EQ(other_text->vision_digest(), before->vision_digest());
  const int64_t vision =
      edited.header()["vision_model.class_embedding"]["data_offsets"][0];
  edited.data()[vision] ^= 1;
  const auto other_vision = *edited.Open();
  EXPECT_NE(other_vision->digest(), other_text->digest());
  EXPECT_NE(other_vision->vision_digest(), before->vision_digest());
}

TEST(CheckpointDigest, TellsConfigurationsApart) {
  EditedCheckpoint edited;
  const auto before = *edited.Open();
  edited.PatchConfig({{"text_config", {{"rope_theta", 20000.0}}}});
  EXPECT_NE((*edited.Open())->digest(), before->digest());
}

}  // namespace
}  // namespace stagebeam::engine
