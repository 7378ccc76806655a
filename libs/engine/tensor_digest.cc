#include "libs/engine/tensor_digest.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace stagebeam::engine {
namespace {

constexpr size_t kWholeBytes = 64 << 10;
constexpr size_t kSampleBytes = 4 << 10;
constexpr size_t kSamples = 16;

}  // namespace

struct TensorDigest::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{
      EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

TensorDigest::TensorDigest() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr);
}

TensorDigest::~TensorDigest() = default;

void TensorDigest::AddBytes(std::span<const char> bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

void TensorDigest::AddText(const std::string& text) {
  // The length in front keeps neighbouring texts apart.
  const std::string sized = absl::StrCat(text.size(), ":", text);
  AddBytes(sized);
}

void TensorDigest::AddTensor(const std::string& name, const TensorView& view) {
  const std::string type(NameOf(view.dtype));
  AddText(absl::StrCat(name, " ", type, " ", ShapeText(view.shape)));
  if (view.bytes.size() <= kWholeBytes) return AddBytes(view.bytes);
  const size_t last = view.bytes.size() - kSampleBytes;
  for (size_t i = 0; i < kSamples; ++i) {
    AddBytes(view.bytes.subspan(last / (kSamples - 1) * i, kSampleBytes));
  }
}

std::string TensorDigest::Hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace stagebeam::engine
