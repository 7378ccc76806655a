#include "libs/tokens/piece_splitter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/tokens/utf8.h"

namespace stagebeam::tokens {
namespace {

// Bounds the interpreter's memory where the compiled matcher's stack is full.
constexpr uint32_t kHeapKibibytes = 64 * 1024;
// No bound on steps: the work is linear for the patterns in use, and a bound
// would cut long runs of blanks in odd places.
constexpr uint32_t kNoMatchLimit = 0xFFFFFFFF;

struct CodeDeleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct ContextDeleter {
  void operator()(pcre2_match_context* context) const {
    pcre2_match_context_free(context);
  }
};
struct MatchDeleter {
  void operator()(pcre2_match_data* match) const {
    pcre2_match_data_free(match);
  }
};

PCRE2_SPTR Units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

// PCRE2 takes U+180E for a blank, which it was until Unicode 6.3; Hugging
// Face's engine does not. A zero-width space, as long in UTF-8 and no blank in
// either, stands in for it.
std::string WithoutMongolianVowelSeparator(std::string_view text) {
  constexpr std::string_view kSeparator = "\xE1\xA0\x8E";
  constexpr std::string_view kStandIn = "\xE2\x80\x8B";
  std::string subject(text);
  for (size_t at = subject.find(kSeparator); at != std::string::npos;
       at = subject.find(kSeparator, at + kSeparator.size())) {
    subject.replace(at, kSeparator.size(), kStandIn);
  }
  return subject;
}

}  // namespace

struct PieceSplitter::Code {
  // Half-open range of a match.
  struct Range {
    size_t begin;
    size_t end;
  };

  // The first match at or after `from`; nothing where there is none.
  std::optional<Range> Find(std::string_view subject, size_t from,
                            pcre2_match_data* match) const {
    // The subject is known to be well-formed: checking it at every match would
    // make the whole quadratic.
    int result = pcre2_match(code.get(), Units(subject), subject.size(), from,
                             PCRE2_NO_UTF_CHECK, match, context.get());
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
      result =
          pcre2_match(code.get(), Units(subject), subject.size(), from,
                      PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match, context.get());
    }
    if (result == PCRE2_ERROR_NOMATCH) return std::nullopt;
    if (result < 0) return OneCharacter(subject, from);
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match);
    // \K in a look-ahead can put a match's begin behind its end.
    if (range[0] > range[1] || range[0] < from)
      return OneCharacter(subject, from);
    return Range{range[0], range[1]};
  }

  static Range OneCharacter(std::string_view subject, size_t from) {
    if (from >= subject.size()) return {subject.size(), subject.size()};
    return {from, from + NextUtf8Part(subject.substr(from)).length};
  }

  std::unique_ptr<pcre2_code, CodeDeleter> code;
  std::unique_ptr<pcre2_match_context, ContextDeleter> context;
};

PieceSplitter::PieceSplitter(std::unique_ptr<Code> code)
    : code_(std::move(code)) {}
PieceSplitter::~PieceSplitter() = default;
PieceSplitter::PieceSplitter(PieceSplitter&&) noexcept = default;
PieceSplitter& PieceSplitter::operator=(PieceSplitter&&) noexcept = default;

absl::StatusOr<PieceSplitter> PieceSplitter::Create(
    const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  code->code.reset(pcre2_compile(Units(pattern), pattern.size(),
                                 PCRE2_UTF | PCRE2_UCP, &error, &offset,
                                 nullptr));
  if (code->code == nullptr) {
    PCRE2_UCHAR message[256] = {};
    pcre2_get_error_message(error, message, sizeof(message));
    return absl::InvalidArgumentError(absl::StrCat(
        "at byte ", offset, ": ", reinterpret_cast<const char*>(message)));
  }
  // Without just-in-time compilation (it may be missing) matching is slower, no
  // more.
  pcre2_jit_compile(code->code.get(), PCRE2_JIT_COMPLETE);
  code->context.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(code->context.get(), kNoMatchLimit);
  pcre2_set_heap_limit(code->context.get(), kHeapKibibytes);
  return PieceSplitter(std::move(code));
}

void PieceSplitter::Split(
    std::string_view text,
    const std::function<void(std::string_view)>& piece) const {
  const std::string subject = WithoutMongolianVowelSeparator(text);
  const std::unique_ptr<pcre2_match_data, MatchDeleter> match(
      pcre2_match_data_create_from_pattern(code_->code.get(), nullptr));
  size_t done = 0;
  size_t from = 0;
  while (from < subject.size()) {
    const auto found = code_->Find(subject, from, match.get());
    if (!found) break;
    if (found->begin > done) piece(text.substr(done, found->begin - done));
    if (found->end > found->begin)
      piece(text.substr(found->begin, found->end - found->begin));
    done = found->end;
    // An empty match must not be found again.
    from = found->end > found->begin
               ? found->end
               : Code::OneCharacter(subject, found->end).end;
  }
  if (done < text.size()) piece(text.substr(done));
}

}  // namespace stagebeam::tokens
