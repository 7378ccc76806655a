#include "cli/ask_config.h"

#include <cstdlib>
#include <map>

#include "absl/strings/str_cat.h"
#include "cli/flag_set.h"

namespace stagebeam::cli {
namespace {

// Flags as they come, before they are put together.
struct RawFlags {
  std::string strategy;
  std::string decide;
  std::string judge;
  std::string color = "auto";
  std::optional<int> candidates;
  std::optional<int> survivors;
  std::optional<int> initial_candidates;
  std::optional<double> sufficient_probability;
  std::optional<double> sufficient_confidence;
  std::optional<int> max_sentences;
  std::optional<int64_t> seed;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;
  std::optional<int> max_candidate_tokens;
};

void AddAdaptiveFlags(FlagSet& flags, RawFlags* raw) {
  flags.Add("initial_candidates", "N",
            "candidates that adaptive starts a stage with; default 1",
            &raw->initial_candidates);
  flags.Add("sufficient_probability", "P",
            "adaptive takes a lone candidate that is as likely; default 0.9",
            &raw->sufficient_probability);
  flags.Add("sufficient_confidence", "P",
            "adaptive takes a winner that the judge is as sure of; default 0.8",
            &raw->sufficient_confidence);
}

FlagSet MakeFlags(AskConfig* config, RawFlags* raw) {
  FlagSet flags;
  flags.Add("image", "FILE",
            "picture to ask about (PNG, JPEG or WebP), - for standard input",
            &config->image);
  flags.Add("image_key", "KEY",
            "picture of an earlier answer, instead of --image",
            &config->image_key);
  flags.Add("server", "HOST:PORT",
            "orchestrator; default: $STAGEBEAM_SERVER or 127.0.0.1:50051",
            &config->server);
  flags.Add("strategy", "NAME",
            "single, best-of-n, sentence-beam, stage-beam or adaptive",
            &raw->strategy);
  flags.Add("candidates", "N",
            "candidates to sample each time, 1 to 64; of adaptive at most; "
            "default 4",
            &raw->candidates);
  flags.Add("survivors", "K", "candidates that stage-beam keeps; default 1",
            &raw->survivors);
  AddAdaptiveFlags(flags, raw);
  flags.Add("max_sentences", "N",
            "sentences after which sentence-beam gives up",
            &raw->max_sentences);
  flags.Add("seed", "S", "the same seed gives the same answer", &raw->seed);
  flags.Add("temperature", "T", "0 for the likeliest token, up to 2",
            &raw->temperature);
  flags.Add("top_p", "P", "nucleus mass, up to 1", &raw->top_p);
  flags.Add("top_k", "K", "likeliest tokens kept, 0 for all", &raw->top_k);
  flags.Add("max_candidate_tokens", "N", "cap on one candidate's tokens",
            &raw->max_candidate_tokens);
  flags.Add(
      "decide", "WHO",
      "judge, log-probability, judge-and-likelihood or chance decides duels",
      &raw->decide);
  flags.Add("judge", "METHOD", "score, both-orders or write", &raw->judge);
  flags.Add("timeout", "TIME", "give up after this long; default 5m",
            &config->timeout);
  flags.Add("request_id", "ID", "the server remembers answers by it",
            &config->request_id);
  flags.Add("trace", "FILE",
            "write the answer with every candidate and duel as JSON",
            &config->trace_file);
  flags.AddSwitch("json", "print the events as JSON, one a line",
                  &config->json);
  flags.Add("color", "WHEN", "auto, always or never: the layout for a terminal",
            &raw->color);
  return flags;
}

// The value of `name` in `table`. INVALID_ARGUMENT lists what there is.
template <typename T>
absl::StatusOr<T> Choose(const char* flag, const std::string& name,
                         const std::vector<std::pair<std::string, T>>& table) {
  std::string names;
  for (const auto& [known, value] : table) {
    if (known == name) return value;
    absl::StrAppend(&names, names.empty() ? "" : ", ", known);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": '", name, "' is none of ", names));
}

// Refuses flags that `strategy` has no use for.
absl::Status CheckUse(const RawFlags& raw, const std::string& strategy) {
  const struct {
    bool given;
    const char* strategy;
    const char* complaint;
  } uses[] = {
      {raw.survivors.has_value(), "stage-beam",
       "--survivors: only stage-beam keeps survivors"},
      {raw.max_sentences.has_value(), "sentence-beam",
       "--max_sentences: only sentence-beam counts sentences"},
      {raw.initial_candidates.has_value(), "adaptive",
       "--initial_candidates: only adaptive starts with fewer"},
      {raw.sufficient_probability.has_value(), "adaptive",
       "--sufficient_probability: only adaptive asks for it"},
      {raw.sufficient_confidence.has_value(), "adaptive",
       "--sufficient_confidence: only adaptive asks for it"},
  };
  for (const auto& use : uses) {
    if (use.given && strategy != use.strategy)
      return absl::InvalidArgumentError(use.complaint);
  }
  if (strategy == "single" && raw.candidates) {
    return absl::InvalidArgumentError(
        "--candidates: a single pass has one candidate");
  }
  return absl::OkStatus();
}

void SetAdaptive(const RawFlags& raw, int candidates,
                 orchestrator::v1::AdaptiveBeam& beam) {
  beam.set_candidate_count(candidates);
  beam.set_initial_candidate_count(raw.initial_candidates.value_or(0));
  if (raw.sufficient_probability)
    beam.set_sufficient_probability(*raw.sufficient_probability);
  if (raw.sufficient_confidence)
    beam.set_sufficient_confidence(*raw.sufficient_confidence);
}

absl::Status SetStrategy(const RawFlags& raw,
                         orchestrator::v1::SearchPolicy* search) {
  // Candidates without a strategy mean the search that this system is about.
  const bool implied =
      raw.strategy.empty() && (raw.candidates || raw.survivors);
  const std::string strategy = implied ? "stage-beam" : raw.strategy;
  const int candidates = raw.candidates.value_or(4);
  if (absl::Status use = CheckUse(raw, strategy); !use.ok()) return use;
  if (strategy.empty()) return absl::OkStatus();
  if (strategy == "single") {
    search->mutable_single_pass();
  } else if (strategy == "best-of-n") {
    search->mutable_best_of_n()->set_candidate_count(candidates);
  } else if (strategy == "sentence-beam") {
    search->mutable_sentence_beam()->set_candidate_count(candidates);
    search->mutable_sentence_beam()->set_max_sentence_count(
        raw.max_sentences.value_or(0));
  } else if (strategy == "stage-beam") {
    search->mutable_stage_beam()->set_candidate_count(candidates);
    search->mutable_stage_beam()->set_survivor_count(raw.survivors.value_or(0));
  } else if (strategy == "adaptive") {
    SetAdaptive(raw, candidates, *search->mutable_adaptive_beam());
  } else {
    return absl::InvalidArgumentError(absl::StrCat(
        "--strategy: '", strategy,
        "' is none of single, best-of-n, sentence-beam, stage-beam, adaptive"));
  }
  return absl::OkStatus();
}

void SetSampling(const RawFlags& raw, orchestrator::v1::SearchPolicy* search) {
  if (raw.seed) search->mutable_sampling()->set_seed(*raw.seed);
  if (raw.temperature)
    search->mutable_sampling()->set_temperature(*raw.temperature);
  if (raw.top_p) search->mutable_sampling()->set_top_p(*raw.top_p);
  if (raw.top_k) search->mutable_sampling()->set_top_k(*raw.top_k);
  if (raw.max_candidate_tokens)
    search->set_max_candidate_tokens(*raw.max_candidate_tokens);
}

absl::Status SetJudge(const RawFlags& raw,
                      orchestrator::v1::SearchPolicy* search) {
  if (raw.judge.empty()) return absl::OkStatus();
  absl::StatusOr<judge::v1::Method> method = Choose<judge::v1::Method>(
      "judge", raw.judge,
      {{"score", judge::v1::METHOD_SCORE},
       {"both-orders", judge::v1::METHOD_SCORE_BOTH_ORDERS},
       {"write", judge::v1::METHOD_WRITE}});
  if (!method.ok()) return method.status();
  search->set_judge_method(*method);
  return absl::OkStatus();
}

absl::Status SetDecider(const RawFlags& raw,
                        orchestrator::v1::SearchPolicy* search) {
  if (raw.decide.empty()) return absl::OkStatus();
  const auto decider = Choose<orchestrator::v1::Decider>(
      "decide", raw.decide,
      {{"judge", orchestrator::v1::DECIDER_JUDGE},
       {"log-probability", orchestrator::v1::DECIDER_LOG_PROBABILITY},
       {"judge-and-likelihood", orchestrator::v1::DECIDER_JUDGE_AND_LIKELIHOOD},
       {"chance", orchestrator::v1::DECIDER_CHANCE}});
  if (decider.ok()) search->set_decider(*decider);
  return decider.status();
}

absl::Status SetQuestion(const std::vector<std::string>& words,
                         AskConfig* config) {
  if (words.empty())
    return absl::InvalidArgumentError("the question is missing");
  if (words.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "one question, in quotes; there are ", words.size(), " arguments"));
  }
  config->question = words.front();
  return absl::OkStatus();
}

absl::Status CheckPicture(const AskConfig& config) {
  if (config.image.empty() == config.image_key.empty()) {
    return absl::InvalidArgumentError(
        config.image.empty() ? "--image or --image_key: one of them is needed"
                             : "--image and --image_key: only one of them");
  }
  return absl::OkStatus();
}

}  // namespace

std::string DefaultServer() {
  const char* server = std::getenv("STAGEBEAM_SERVER");
  return server != nullptr && *server != '\0' ? server : "127.0.0.1:50051";
}

std::string AskUsage() {
  AskConfig config;
  RawFlags raw;
  return MakeFlags(&config, &raw).Usage();
}

absl::StatusOr<AskConfig> ReadAskConfig(
    const std::vector<std::string>& arguments) {
  AskConfig config;
  config.server = DefaultServer();
  RawFlags raw;
  absl::StatusOr<std::vector<std::string>> words =
      MakeFlags(&config, &raw).Parse(arguments);
  if (!words.ok()) return words.status();
  absl::StatusOr<Color> color = Choose<Color>("color", raw.color,
                                              {{"auto", Color::kAuto},
                                               {"always", Color::kAlways},
                                               {"never", Color::kNever}});
  if (!color.ok()) return color.status();
  config.color = *color;
  if (config.timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--timeout: must be more than 0s");
  }
  absl::Status status = SetQuestion(*words, &config);
  status.Update(CheckPicture(config));
  status.Update(SetStrategy(raw, &config.search));
  status.Update(SetDecider(raw, &config.search));
  status.Update(SetJudge(raw, &config.search));
  if (!status.ok()) return status;
  SetSampling(raw, &config.search);
  return config;
}

}  // namespace stagebeam::cli
