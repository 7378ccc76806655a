#include "libs/engine/safetensors.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/engine/mapped_file.h"
#include "nlohmann/json.hpp"

namespace stagebeam::engine {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kMaxRank = 8;
constexpr size_t kLengthBytes = 8;

std::optional<StoredType> TypeNamed(const std::string& name) {
  if (name == "BF16") return StoredType::kBFloat16;
  if (name == "F16") return StoredType::kFloat16;
  if (name == "F32") return StoredType::kFloat32;
  return std::nullopt;
}

// Whole numbers >= 0; nothing where the list holds anything else.
std::optional<std::vector<int64_t>> Sizes(const json& entry, const char* field,
                                          size_t max_size) {
  const auto list = entry.find(field);
  if (list == entry.end() || !list->is_array() || list->size() > max_size)
    return std::nullopt;
  std::vector<int64_t> sizes;
  for (const json& size : *list) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > INT64_MAX)
      return std::nullopt;
    sizes.push_back(static_cast<int64_t>(size.get<uint64_t>()));
  }
  return sizes;
}

// Bytes of a tensor; nothing where the product does not fit 64 bits.
std::optional<int64_t> ByteCount(StoredType type,
                                 const std::vector<int64_t>& shape) {
  int64_t bytes = SizeOf(type);
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  }
  return bytes;
}

// What is wrong with an entry, for a message; or its view of `data`.
struct EntryResult {
  const char* problem = nullptr;
  TensorView view;
};

EntryResult ReadEntry(const json& entry, std::span<const char> data) {
  if (!entry.is_object()) return {"is not an object", {}};
  const auto dtype = entry.find("dtype");
  if (dtype == entry.end() || !dtype->is_string()) return {"has no dtype", {}};
  const std::optional<StoredType> type = TypeNamed(dtype->get<std::string>());
  if (!type) return {"has a dtype other than BF16, F16 and F32", {}};
  const auto shape = Sizes(entry, "shape", kMaxRank);
  if (!shape) return {"has a shape that is no list of up to 8 sizes", {}};
  const auto offsets = Sizes(entry, "data_offsets", 2);
  if (!offsets || offsets->size() != 2)
    return {"has no pair of data_offsets", {}};
  const int64_t begin = (*offsets)[0], end = (*offsets)[1];
  if (begin > end || end > static_cast<int64_t>(data.size()))
    return {"lies outside the file", {}};
  if (ByteCount(*type, *shape) != end - begin)
    return {"has another size than its shape", {}};
  return {nullptr, {*type, *shape, data.subspan(begin, end - begin), nullptr}};
}

absl::Status Wrong(const std::string& path, const std::string& problem) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", problem));
}

// Two tensors must not share a byte.
absl::Status CheckOverlap(const std::string& path,
                          const std::map<std::string, TensorView>& tensors) {
  std::vector<std::pair<std::span<const char>, const std::string*>> ranges;
  for (const auto& [name, view] : tensors) {
    if (!view.bytes.empty()) ranges.emplace_back(view.bytes, &name);
  }
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
    return a.first.data() < b.first.data();
  });
  for (size_t i = 1; i < ranges.size(); ++i) {
    const std::span<const char> before = ranges[i - 1].first;
    if (before.data() + before.size() > ranges[i].first.data()) {
      return Wrong(path, absl::StrCat("tensors ", *ranges[i - 1].second,
                                      " and ", *ranges[i].second, " overlap"));
    }
  }
  return absl::OkStatus();
}

// The header's JSON object; `data` becomes what follows it.
absl::StatusOr<json> ReadHeader(const std::string& path,
                                std::span<const char>& data) {
  uint64_t length = 0;
  if (data.size() < kLengthBytes)
    return Wrong(path, "is shorter than a safetensors header");
  for (size_t i = kLengthBytes; i-- > 0;)
    length = length << 8 | static_cast<uint8_t>(data[i]);
  data = data.subspan(kLengthBytes);
  if (length > kMaxHeaderBytes || length > data.size()) {
    return Wrong(path, absl::StrCat("header of ", length,
                                    " bytes is longer than the file or than ",
                                    kMaxHeaderBytes, " bytes"));
  }
  json header =
      json::parse(data.begin(), data.begin() + length, nullptr, false);
  if (!header.is_object()) return Wrong(path, "header is not a JSON object");
  data = data.subspan(length);
  return header;
}

// Shards by file name, each with the tensors the index expects in it.
absl::StatusOr<std::map<std::string, std::vector<std::string>>> ReadIndex(
    const std::string& path) {
  const auto file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const std::span<const char> text = (*file)->bytes();
  if (text.size() > kMaxHeaderBytes) return Wrong(path, "is too large");
  const json index = json::parse(text.begin(), text.end(), nullptr, false);
  if (!index.is_object() || !index.contains("weight_map") ||
      !index["weight_map"].is_object()) {
    return Wrong(path, "has no weight_map object");
  }
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, shard] : index["weight_map"].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    if (name.empty() || name[0] == '.' ||
        name.find_first_of(std::string_view("/\\\0", 3)) != name.npos) {
      return Wrong(
          path, absl::StrCat("weight_map.", tensor, " is no plain file name"));
    }
    shards[name].push_back(tensor);
  }
  return shards;
}

absl::Status AddShard(const std::string& path,
                      const std::vector<std::string>& expected,
                      std::map<std::string, TensorView>& all) {
  auto tensors = OpenSafetensors(path);
  if (!tensors.ok()) return tensors.status();
  for (const std::string& name : expected) {
    auto found = tensors->extract(name);
    if (found.empty())
      return Wrong(path,
                   absl::StrCat("tensor ", name, " of the index is missing"));
    all.insert(std::move(found));
  }
  if (tensors->empty()) return absl::OkStatus();
  return Wrong(path, absl::StrCat("tensor ", tensors->begin()->first,
                                  " is not in the index"));
}

}  // namespace

std::string_view NameOf(StoredType type) {
  switch (type) {
    case StoredType::kBFloat16:
      return "BF16";
    case StoredType::kFloat16:
      return "F16";
    case StoredType::kFloat32:
      return "F32";
  }
  return "";
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::StatusOr<std::map<std::string, TensorView>> OpenSafetensors(
    const std::string& path) {
  const auto file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  std::span<const char> data = (*file)->bytes();
  const absl::StatusOr<json> header = ReadHeader(path, data);
  if (!header.ok()) return header.status();
  std::map<std::string, TensorView> tensors;
  for (const auto& [name, entry] : header->items()) {
    if (name == "__metadata__") continue;
    EntryResult result = ReadEntry(entry, data);
    if (result.problem != nullptr)
      return Wrong(path, absl::StrCat("tensor ", name, " ", result.problem));
    result.view.owner = *file;
    tensors.emplace(name, std::move(result.view));
  }
  const absl::Status overlap = CheckOverlap(path, tensors);
  if (!overlap.ok()) return overlap;
  return tensors;
}

absl::StatusOr<std::map<std::string, TensorView>> OpenCheckpointTensors(
    const std::string& directory) {
  const std::string whole = directory + "/model.safetensors";
  auto tensors = OpenSafetensors(whole);
  if (!absl::IsNotFound(tensors.status())) return tensors;
  const auto shards = ReadIndex(whole + ".index.json");
  if (absl::IsNotFound(shards.status())) {
    return absl::NotFoundError(absl::StrCat(
        directory,
        ": has neither model.safetensors nor model.safetensors.index.json"));
  }
  if (!shards.ok()) return shards.status();
  tensors = std::map<std::string, TensorView>();
  for (const auto& [name, expected] : *shards) {
    const absl::Status added =
        AddShard(absl::StrCat(directory, "/", name), expected, *tensors);
    if (!added.ok()) return added;
  }
  return tensors;
}

}  // namespace stagebeam::engine
