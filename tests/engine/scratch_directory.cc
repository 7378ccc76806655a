#include "tests/engine/scratch_directory.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace stagebeam::engine {

ScratchDirectory::ScratchDirectory() {
  std::string name =
      std::filesystem::temp_directory_path() / "stagebeam_engine_XXXXXX";
  path_ = mkdtemp(name.data());
}

ScratchDirectory::~ScratchDirectory() { std::filesystem::remove_all(path_); }

std::string ScratchDirectory::Write(const std::string& name,
                                    std::string_view content) const {
  std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

void ScratchDirectory::CopyFrom(const std::string& directory) const {
  std::filesystem::copy(directory, path_);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string SafetensorsBytes(std::string_view header, std::string_view data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i)
    bytes += static_cast<char>(header.size() >> (8 * i));
  return bytes.append(header).append(data);
}

}  // namespace stagebeam::engine
