#include "libs/features/feature_blob.h"

#include <openssl/evp.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/features/checksum.h"
#include "libs/features/little_endian.h"

namespace stagebeam::features {
namespace {

constexpr std::string_view kMagic = "SBFEAT";
constexpr size_t kMaxDigestBytes = 255;
// Far above any model's, and small enough that products of them cannot
// overflow unnoticed.
constexpr uint32_t kMaxTiles = 1024;
constexpr uint32_t kMaxRows = 1 << 20;
constexpr uint32_t kMaxHidden = 1 << 17;

int64_t ElementBytes(FeatureDType dtype) {
  return dtype == FeatureDType::kBFloat16 ? 2 : 4;
}

absl::Status CheckShape(const FeatureShape& shape) {
  const auto in_range = [](int value, uint32_t limit) {
    return value >= 1 && static_cast<uint32_t>(value) <= limit;
  };
  if (shape.dtype != FeatureDType::kFloat32 &&
      shape.dtype != FeatureDType::kBFloat16) {
    return absl::InvalidArgumentError("dtype is unknown");
  }
  if (!in_range(shape.stored_tile_count, kMaxTiles) ||
      !in_range(shape.rows_per_tile, kMaxRows) ||
      !in_range(shape.hidden_size, kMaxHidden)) {
    return absl::InvalidArgumentError("shape is out of range");
  }
  if (shape.tile_count < 1 || shape.tile_count > shape.stored_tile_count) {
    return absl::InvalidArgumentError(
        "tile_count is not in [1, stored_tile_count]");
  }
  return absl::OkStatus();
}

absl::Status Broken(std::string_view what) {
  return absl::DataLossError(absl::StrCat("feature blob: ", std::string(what)));
}

// Takes one field after the other off the front of a blob; once a field is not
// there, all later ones are zero and ok() is false.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Integer>
  Integer Take() {
    const std::string_view field = TakeBytes(sizeof(Integer));
    return ok_ ? LoadLittleEndian<Integer>(field.data()) : Integer{0};
  }

  std::string_view TakeBytes(uint64_t count) {
    ok_ = ok_ && count <= rest_.size();
    if (!ok_) return {};
    const std::string_view field = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return field;
  }

  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// The fields of a blob, as views into it.
struct Fields {
  FeatureShape shape;
  std::string_view digest;
  std::string_view payload;
};

FeatureShape TakeShape(FieldReader& reader) {
  FeatureShape shape;
  shape.dtype = static_cast<FeatureDType>(reader.Take<uint8_t>());
  shape.tile_count = reader.Take<int32_t>();
  shape.rows_per_tile = reader.Take<int32_t>();
  shape.hidden_size = reader.Take<int32_t>();
  shape.stored_tile_count = reader.Take<int32_t>();
  return shape;
}

absl::StatusOr<Fields> ReadFields(std::string_view bytes) {
  FieldReader reader(bytes);
  if (reader.TakeBytes(kMagic.size()) != kMagic)
    return Broken("does not start with its magic");
  const auto version = reader.Take<uint16_t>();
  if (!reader.ok()) return Broken("is truncated");
  if (version != FeatureBlob::kVersion)
    return Broken(absl::StrCat("has version ", version));
  Fields fields;
  fields.shape = TakeShape(reader);
  fields.digest = reader.TakeBytes(reader.Take<uint8_t>());
  fields.payload = reader.TakeBytes(reader.Take<uint64_t>());
  const auto checksum = reader.Take<uint64_t>();
  if (!reader.ok()) return Broken("is truncated");
  if (!reader.rest().empty()) return Broken("goes on after its end");
  const std::string_view covered =
      bytes.substr(0, bytes.size() - sizeof(checksum));
  if (Checksum64(covered) != checksum)
    return Broken("does not match its checksum");
  if (const absl::Status status = CheckShape(fields.shape); !status.ok()) {
    return Broken(std::string(status.message()));
  }
  if (fields.payload.size() !=
      static_cast<uint64_t>(fields.shape.payload_bytes())) {
    return Broken("has a payload that is not of its shape");
  }
  return fields;
}

std::string WriteFields(const Fields& fields) {
  std::string bytes;
  bytes.reserve(64 + fields.digest.size() + fields.payload.size());
  bytes.append(kMagic);
  AppendLittleEndian<uint16_t>(FeatureBlob::kVersion, bytes);
  AppendLittleEndian<uint8_t>(static_cast<uint8_t>(fields.shape.dtype), bytes);
  for (int extent :
       {fields.shape.tile_count, fields.shape.rows_per_tile,
        fields.shape.hidden_size, fields.shape.stored_tile_count}) {
    AppendLittleEndian<int32_t>(extent, bytes);
  }
  AppendLittleEndian<uint8_t>(static_cast<uint8_t>(fields.digest.size()),
                              bytes);
  bytes.append(fields.digest);
  AppendLittleEndian<uint64_t>(fields.payload.size(), bytes);
  bytes.append(fields.payload);
  AppendLittleEndian<uint64_t>(Checksum64(bytes), bytes);
  return bytes;
}

// SHA-256 over parts, each behind its length, so that no two lists of parts
// give the same input.
class PartDigest {
 public:
  PartDigest() : context_(EVP_MD_CTX_new()) {
    ok_ = context_ != nullptr &&
          EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1;
  }
  ~PartDigest() { EVP_MD_CTX_free(context_); }
  PartDigest(const PartDigest&) = delete;
  PartDigest& operator=(const PartDigest&) = delete;

  void Add(std::string_view part) {
    std::string length;
    AppendLittleEndian<uint64_t>(part.size(), length);
    Update(length);
    Update(part);
  }

  // Lower-case hex; empty only where the crypto library itself failed.
  std::string Hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    ok_ = ok_ && EVP_DigestFinal_ex(context_, digest, &size) == 1;
    if (!ok_) return "";
    return absl::BytesToHexString(
        {reinterpret_cast<const char*>(digest), size});
  }

 private:
  void Update(std::string_view bytes) {
    ok_ = ok_ && EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1;
  }

  EVP_MD_CTX* const context_;
  bool ok_ = false;
};

}  // namespace

int64_t FeatureShape::payload_bytes() const {
  return ElementBytes(dtype) * stored_tile_count * rows_per_tile * hidden_size;
}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> FeatureBlob::Create(
    const FeatureShape& shape, std::string_view vision_digest,
    std::string_view payload) {
  if (absl::Status status = CheckShape(shape); !status.ok()) return status;
  if (vision_digest.size() > kMaxDigestBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "vision_digest has more than ", kMaxDigestBytes, " bytes"));
  }
  if (payload.size() != static_cast<uint64_t>(shape.payload_bytes())) {
    return absl::InvalidArgumentError(
        absl::StrCat("payload has ", payload.size(),
                     " bytes where its shape has ", shape.payload_bytes()));
  }
  return Own(WriteFields({shape, vision_digest, payload}), shape, vision_digest,
             payload.size());
}

absl::StatusOr<std::shared_ptr<const FeatureBlob>> FeatureBlob::Parse(
    std::string bytes) {
  const absl::StatusOr<Fields> fields = ReadFields(bytes);
  if (!fields.ok()) return fields.status();
  return Own(std::move(bytes), fields->shape, fields->digest,
             fields->payload.size());
}

std::shared_ptr<const FeatureBlob> FeatureBlob::Own(
    std::string bytes, const FeatureShape& shape,
    std::string_view vision_digest, size_t payload_size) {
  std::shared_ptr<FeatureBlob> blob(new FeatureBlob);
  blob->shape_ = shape;
  blob->vision_digest_ = std::string(vision_digest);
  blob->bytes_ = std::move(bytes);
  const size_t offset = blob->bytes_.size() - sizeof(uint64_t) - payload_size;
  blob->payload_ =
      std::span<const char>(blob->bytes_).subspan(offset, payload_size);
  return blob;
}

std::string FeatureKey(std::string_view image_file,
                       std::string_view preprocessor_fingerprint,
                       std::string_view vision_digest) {
  PartDigest digest;
  digest.Add(image_file);
  digest.Add(preprocessor_fingerprint);
  digest.Add(vision_digest);
  digest.Add(absl::StrCat("blob version ", FeatureBlob::kVersion));
  return digest.Hex();
}

}  // namespace stagebeam::features
