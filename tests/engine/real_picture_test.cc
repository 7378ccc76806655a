#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "libs/engine/vision_encoder.h"
#include "libs/pixels/image_decoder.h"
#include "libs/pixels/preprocessor.h"
#include "tests/engine/engine_world.h"

// From a picture file to the answer.
namespace stagebeam::engine {
namespace {

class RealPicture : public testing::Test {
 protected:
  void SetUp() override {
    engine_ = LoadEngine();
    auto encoder = VisionEncoder::Load(ReferenceOptions());
    ASSERT_TRUE(encoder.ok()) << encoder.status();
    encoder_ = *std::move(encoder);
  }

  absl::StatusOr<Features> Encode(const std::string& name) const {
    std::ifstream file("examples/pictures/" + name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    auto image = pixels::DecodeImage(bytes, {});
    if (!image.ok()) return image.status();
    const pixels::Tiles tiles =
        pixels::MakeTiles(*image, encoder_->preprocessor());
    auto encoded = encoder_->Encode(tiles);
    if (!encoded.ok()) return encoded.status();
    Features features;
    features.dtype = encoder_->dtype();
    features.tile_count = tiles.tile_count;
    features.rows_per_tile = encoder_->rows_per_tile();
    features.hidden_size = encoder_->hidden_size();
    features.stored_tile_count = encoder_->max_tiles();
    features.vision_digest = encoder_->vision_digest();
    features.owner = std::make_shared<const std::string>(*std::move(encoded));
    features.payload = *features.owner;
    return features;
  }

  ImagePrompt Picture(const std::string& name) const {
    return {.key = name, .load = [this, name] { return Encode(name); }};
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<VisionEncoder> encoder_;
};

// One, two and four tiles.
constexpr std::pair<const char*, const char*> kQuestions[] = {
    {"easy-vqa-shape.png", "What shape is present?"},
    {"digits-sum.png", "What is the sum of the digits?"},
    {"scenes-count.png", "How many objects are there?"}};

TEST_F(RealPicture, AnAnswerHasItsFourStages) {
  for (const auto& [picture, question] : kQuestions) {
    GenerateCall call = Ask(*engine_, question, Picture(picture), 1, 700);
    call.sampling.temperature = 0;
    const GenerateOutput output = MustGenerate(*engine_, call);
    const Branch& branch = output.branches[0][0];
    EXPECT_EQ(branch.finish, Finish::kEndOfTurn) << picture;
    size_t at = 0;
    for (const char* tag :
         {"<SUMMARY>", "</SUMMARY>", "<CAPTION>", "</CAPTION>", "<REASONING>",
          "</REASONING>", "<CONCLUSION>", "</CONCLUSION>"}) {
      at = branch.text.find(tag, at);
      ASSERT_NE(at, std::string::npos)
          << tag << " is missing in: " << branch.text;
    }
  }
}

TEST_F(RealPicture, EightCandidatesEqualEightCallsOfOne) {
  for (const auto& [picture, question] : kQuestions) {
    GenerateCall call = Ask(*engine_, question, Picture(picture), 8, 120);
    call.stopping.stop_strings = {"</CAPTION>"};
    const auto together = TokensOf(MustGenerate(*engine_, call));
    for (int i = 0; i < 8; ++i) {
      GenerateCall one = call;
      one.prompts.front().branch_count = 1;
      one.prompts.front().first_stream = i;
      EXPECT_EQ(TokensOf(MustGenerate(*engine_, one)).front(), together[i])
          << picture << ", " << i;
    }
  }
}

}  // namespace
}  // namespace stagebeam::engine
