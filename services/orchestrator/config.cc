#include "services/orchestrator/config.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "libs/serving/flag_check.h"

ABSL_FLAG(std::string, encoders, "127.0.0.1:50052",
          "addresses of encoders, comma-separated: host:port, unix:/path, "
          "dns:///name:port, or file:///path with one address a line");
ABSL_FLAG(std::string, generators, "127.0.0.1:50053",
          "addresses of generators, as --encoders");
ABSL_FLAG(std::string, judges, "127.0.0.1:50054",
          "addresses of judges, as --encoders");
ABSL_FLAG(int, worker_attempts, 4,
          "attempts of one call to workers, over their replicas");
ABSL_FLAG(absl::Duration, worker_refresh_interval, absl::Seconds(1),
          "how often names and files of workers are looked up again");
ABSL_FLAG(double, worker_load_bound, 1.25,
          "a replica with more calls than this multiple of the mean is passed "
          "by");
ABSL_FLAG(std::string, worker_tls_ca, "",
          "PEM file of the authority of the workers' certificates; empty: "
          "plain text");
ABSL_FLAG(std::string, worker_tls_cert, "",
          "PEM file of this client's certificate for workers");
ABSL_FLAG(std::string, worker_tls_key, "",
          "PEM file of that certificate's key");
ABSL_FLAG(std::string, worker_auth_token_file, "",
          "file whose first line is the bearer token for workers; empty: none "
          "is sent");
ABSL_FLAG(absl::Duration, judge_timeout, absl::Minutes(1),
          "a judge that takes longer is out of reach");
ABSL_FLAG(int, max_parallel_calls, 64,
          "generator calls beside those on the searches' own threads, and as "
          "many calls for early duels");
ABSL_FLAG(bool, early_duels, true,
          "send duels to the judge while other candidates are still sampled");

ABSL_FLAG(std::string, default_strategy, "stage_beam",
          "search of a request that names none: single_pass, best_of_n, "
          "sentence_beam, stage_beam or adaptive_beam");
ABSL_FLAG(int, default_candidates, 2, "its candidates");
ABSL_FLAG(int, default_survivors, 1, "its survivors, for stage_beam");
ABSL_FLAG(int, default_candidate_tokens, 0,
          "cap on the tokens of a candidate where a request sets none; 0: the "
          "generator's limit");
ABSL_FLAG(absl::Duration, max_answer_time, absl::Minutes(5),
          "cap on the time of one answer");
ABSL_FLAG(int64_t, max_image_bytes, 32 << 20, "largest picture file");
ABSL_FLAG(int64_t, max_question_bytes, 64 << 10, "longest question");
ABSL_FLAG(int, remembered_answers, 1024,
          "answers kept for repeats of their request_id");
ABSL_FLAG(int64_t, remembered_answer_bytes, 64 << 20,
          "bytes of these answers together");

namespace stagebeam::orchestrator {
namespace {

// What a request adds to its picture's bytes, besides the question.
constexpr int64_t kEnvelopeBytes = 4096;

using serving::CheckFlag;
using serving::RefuseFlag;

absl::Status CheckDuration(std::string_view flag, absl::Duration value) {
  return CheckFlag(flag, value, absl::Milliseconds(1), absl::Hours(24));
}

absl::Status ReadStrategy(search::Strategy& strategy) {
  const std::string name = absl::GetFlag(FLAGS_default_strategy);
  const int candidates = absl::GetFlag(FLAGS_default_candidates);
  if (name == "single_pass") {
    strategy = search::SinglePass{};
  } else if (name == "best_of_n") {
    strategy = search::BestOfN{candidates};
  } else if (name == "sentence_beam") {
    strategy = search::SentenceBeam{candidates};
  } else if (name == "stage_beam") {
    strategy =
        search::StageBeam{candidates, absl::GetFlag(FLAGS_default_survivors)};
  } else if (name == "adaptive_beam") {
    strategy = search::AdaptiveBeam{candidates};
  } else {
    return RefuseFlag("default_strategy",
                      "must be single_pass, best_of_n, sentence_beam, "
                      "stage_beam or adaptive_beam");
  }
  absl::Status status =
      CheckFlag("default_candidates", candidates, 1, search::kMaxCandidates);
  status.Update(CheckFlag("default_survivors",
                          absl::GetFlag(FLAGS_default_survivors), 1,
                          std::max(1, candidates)));
  return status;
}

absl::Status ReadRules(int64_t max_message_bytes, RequestRules& rules) {
  absl::Status status = ReadStrategy(rules.default_strategy);
  rules.default_candidate_tokens =
      absl::GetFlag(FLAGS_default_candidate_tokens);
  rules.max_image_bytes = absl::GetFlag(FLAGS_max_image_bytes);
  rules.max_question_bytes = absl::GetFlag(FLAGS_max_question_bytes);
  status.Update(CheckFlag("default_candidate_tokens",
                          rules.default_candidate_tokens, 0, 1 << 16));
  status.Update(
      CheckFlag("max_question_bytes", rules.max_question_bytes, 1, 1 << 24));
  const int64_t room =
      max_message_bytes - kEnvelopeBytes - rules.max_question_bytes;
  if (status.ok() && rules.max_image_bytes > room) {
    return RefuseFlag("max_image_bytes",
                      absl::StrCat("must leave room for the question within "
                                   "--max_message_bytes: at most ",
                                   room, ", got ", rules.max_image_bytes));
  }
  status.Update(
      CheckFlag("max_image_bytes", rules.max_image_bytes, 1, INT64_MAX));
  return status;
}

absl::Status ReadService(int64_t max_message_bytes,
                         OrchestratorServiceAdapter::Options& service) {
  absl::Status status = ReadRules(max_message_bytes, service.rules);
  service.max_answer_time = absl::GetFlag(FLAGS_max_answer_time);
  service.remembered.max_answers = absl::GetFlag(FLAGS_remembered_answers);
  service.remembered.max_bytes = absl::GetFlag(FLAGS_remembered_answer_bytes);
  status.Update(CheckDuration("max_answer_time", service.max_answer_time));
  status.Update(CheckFlag("remembered_answers", service.remembered.max_answers,
                          0, 1 << 20));
  status.Update(CheckFlag("remembered_answer_bytes",
                          service.remembered.max_bytes, 0, INT64_MAX));
  return status;
}

absl::Status ReadToken(std::string& token) {
  const std::string path = absl::GetFlag(FLAGS_worker_auth_token_file);
  if (path.empty()) return absl::OkStatus();
  std::ifstream file(path);
  if (!file) return RefuseFlag("worker_auth_token_file", "cannot read " + path);
  std::getline(file, token);
  if (token.empty()) {
    return RefuseFlag("worker_auth_token_file", "no token in " + path);
  }
  return absl::OkStatus();
}

absl::Status ReadWorkers(int64_t max_message_bytes,
                         RemoteWorkersOptions& workers) {
  workers.encoders = absl::GetFlag(FLAGS_encoders);
  workers.generators = absl::GetFlag(FLAGS_generators);
  workers.judges = absl::GetFlag(FLAGS_judges);
  workers.max_attempts = absl::GetFlag(FLAGS_worker_attempts);
  workers.refresh_interval = absl::GetFlag(FLAGS_worker_refresh_interval);
  workers.load_bound = absl::GetFlag(FLAGS_worker_load_bound);
  workers.channel.max_message_bytes = max_message_bytes;
  workers.channel.tls_ca = absl::GetFlag(FLAGS_worker_tls_ca);
  workers.channel.tls_cert = absl::GetFlag(FLAGS_worker_tls_cert);
  workers.channel.tls_key = absl::GetFlag(FLAGS_worker_tls_key);
  absl::Status status =
      CheckFlag("worker_attempts", workers.max_attempts, 1, 100);
  status.Update(CheckFlag("worker_refresh_interval", workers.refresh_interval,
                          absl::Milliseconds(10), absl::Hours(1)));
  if (!(workers.load_bound >= 1 && workers.load_bound <= 1000)) {
    status.Update(RefuseFlag(
        "worker_load_bound",
        absl::StrCat("must be within [1, 1000], got ", workers.load_bound)));
  }
  if (workers.channel.tls_cert.empty() != workers.channel.tls_key.empty()) {
    status.Update(RefuseFlag("worker_tls_cert", "comes with --worker_tls_key"));
  }
  status.Update(ReadToken(workers.channel.auth_token));
  return status;
}

}  // namespace

absl::StatusOr<Config> ConfigFromFlags() {
  Config config;
  auto server = serving::ServerOptionsFromFlags();
  if (!server.ok()) return server.status();
  config.server = *std::move(server);
  const int64_t message_bytes = config.server.max_message_bytes;
  absl::Status status = ReadService(message_bytes, config.service);
  status.Update(ReadWorkers(message_bytes, config.workers));
  config.judge_timeout = absl::GetFlag(FLAGS_judge_timeout);
  config.max_parallel_calls = absl::GetFlag(FLAGS_max_parallel_calls);
  config.early_duels = absl::GetFlag(FLAGS_early_duels);
  status.Update(CheckDuration("judge_timeout", config.judge_timeout));
  status.Update(
      CheckFlag("max_parallel_calls", config.max_parallel_calls, 1, 4096));
  if (!status.ok()) return status;
  return config;
}

}  // namespace stagebeam::orchestrator
