#include "cli/text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/duration.pb.h"

namespace stagebeam::cli {
namespace {

bool IsBlank(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// C0 controls, DEL, and the C1 controls, which UTF-8 writes as C2 80 to C2 9F.
bool IsControl(std::string_view text, size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c < 0x20 || c == 0x7f) return true;
  return c == 0xc2 && i + 1 < text.size() &&
         static_cast<unsigned char>(text[i + 1]) < 0xa0;
}

// Code points of well-formed UTF-8.
size_t Width(std::string_view text) {
  size_t width = 0;
  for (const char c : text)
    width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return width;
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

}  // namespace

std::string OneLine(std::string_view text) {
  std::string line;
  bool blank = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsBlank(static_cast<unsigned char>(text[i]))) {
      blank = !line.empty();
    } else if (IsControl(text, i)) {
      if (static_cast<unsigned char>(text[i]) == 0xc2) ++i;
    } else {
      if (blank) line += ' ';
      blank = false;
      line += text[i];
    }
  }
  return line;
}

std::vector<std::string> Wrap(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  size_t used = 0;
  const std::string words = OneLine(text);
  for (size_t begin = 0; begin < words.size();) {
    const size_t end = std::min(words.find(' ', begin), words.size());
    const std::string_view word =
        std::string_view(words).substr(begin, end - begin);
    const size_t needed = Width(word);
    if (used > 0 && used + 1 + needed > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) lines.back() += ' ';
    lines.back() += word;
    used += needed + (used > 0 ? 1 : 0);
    begin = end + 1;
  }
  return lines;
}

std::string StageName(orchestrator::v1::Stage stage) {
  switch (stage) {
    case orchestrator::v1::STAGE_SUMMARY:
      return "SUMMARY";
    case orchestrator::v1::STAGE_CAPTION:
      return "CAPTION";
    case orchestrator::v1::STAGE_REASONING:
      return "REASONING";
    case orchestrator::v1::STAGE_CONCLUSION:
      return "CONCLUSION";
    default:
      return "RESPONSE";
  }
}

std::string_view WithoutTags(std::string_view text,
                             orchestrator::v1::Stage stage) {
  const std::string opening = absl::StrCat("<", StageName(stage), ">");
  const std::string closing = absl::StrCat("</", StageName(stage), ">");
  const size_t begin = text.find(opening);
  if (begin != std::string_view::npos)
    text.remove_prefix(begin + opening.size());
  return text.substr(0, text.find(closing));
}

void AddDraw(const orchestrator::v1::CandidatesSampled& sampled,
             orchestrator::v1::CandidatesSampled& stage) {
  if (sampled.first_candidate_index() == 0) stage.Clear();
  stage.MergeFrom(sampled);
}

int FirstWithText(const orchestrator::v1::CandidatesSampled& stage, int index) {
  int first = 0;
  while (stage.candidates(first).text() != stage.candidates(index).text())
    ++first;
  return first;
}

std::string FinishName(generator::v1::FinishReason reason) {
  switch (reason) {
    case generator::v1::FINISH_REASON_STOP_STRING:
      return "closed";
    case generator::v1::FINISH_REASON_END_OF_TURN:
      return "ended its turn";
    case generator::v1::FINISH_REASON_LENGTH:
      return "cut at its length";
    default:
      return "ended";
  }
}

std::string Seconds(absl::Duration duration) {
  return absl::StrFormat("%.3f s", absl::ToDoubleSeconds(duration));
}

std::string UsageLine(const orchestrator::v1::Usage& usage) {
  return absl::StrFormat(
      "%d candidates, %d duels; tokens: %d sampled, %d of prompts, %d of these "
      "not computed again; "
      "encode %s, generate %s, judge %s",
      usage.candidate_count(), usage.duel_count(),
      usage.generated_token_count(), usage.prompt_token_count(),
      usage.reused_token_count(), Seconds(ToDuration(usage.encode_time())),
      Seconds(ToDuration(usage.generate_time())),
      Seconds(ToDuration(usage.judge_time())));
}

std::string DegradationLine(const orchestrator::v1::Degradation& degradation) {
  std::string kind = orchestrator::v1::DegradationKind_Name(degradation.kind());
  constexpr std::string_view kPrefix = "DEGRADATION_KIND_";
  if (kind.compare(0, kPrefix.size(), kPrefix) == 0)
    kind = kind.substr(kPrefix.size());
  return absl::StrCat(kind, ": ", OneLine(degradation.detail()));
}

}  // namespace stagebeam::cli
