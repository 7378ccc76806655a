#ifndef STAGEBEAM_TESTS_ENGINE_SCRATCH_DIRECTORY_H_
#define STAGEBEAM_TESTS_ENGINE_SCRATCH_DIRECTORY_H_

#include <string>
#include <string_view>

namespace stagebeam::engine {

// A directory of its own under the system's temporary one, removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  // Writes a file and returns its path.
  std::string Write(const std::string& name, std::string_view content) const;
  // Copies every file of `directory`.
  void CopyFrom(const std::string& directory) const;

 private:
  std::string path_;
};

// A whole file; empty where there is none.
std::string ReadFile(const std::string& path);

// A safetensors file: length, header, data.
std::string SafetensorsBytes(std::string_view header, std::string_view data);

}  // namespace stagebeam::engine

#endif  // STAGEBEAM_TESTS_ENGINE_SCRATCH_DIRECTORY_H_
