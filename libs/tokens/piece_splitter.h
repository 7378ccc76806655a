#ifndef STAGEBEAM_LIBS_TOKENS_PIECE_SPLITTER_H_
#define STAGEBEAM_LIBS_TOKENS_PIECE_SPLITTER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace stagebeam::tokens {

// Cuts text into the pieces that byte-pair encoding must not join: each match
// of a pattern is a piece, and so is any text between matches.
//
// Immutable, and so thread-safe.
class PieceSplitter {
 public:
  // INVALID_ARGUMENT says where and why the pattern does not compile.
  static absl::StatusOr<PieceSplitter> Create(const std::string& pattern);

  ~PieceSplitter();
  PieceSplitter(PieceSplitter&&) noexcept;
  PieceSplitter& operator=(PieceSplitter&&) noexcept;

  // Calls `piece` with the pieces of `text` (well-formed UTF-8), in order.
  // Where the pattern needs more memory to match than a fixed limit, the next
  // character is a piece of its own.
  void Split(std::string_view text,
             const std::function<void(std::string_view)>& piece) const;

 private:
  struct Code;
  explicit PieceSplitter(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace stagebeam::tokens

#endif  // STAGEBEAM_LIBS_TOKENS_PIECE_SPLITTER_H_
