#include "libs/engine/engine.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/engine/call_check.h"
#include "libs/engine/checkpoint.h"
#include "libs/engine/scheduler.h"
#include "libs/engine/text_model.h"
#include "libs/engine/torch_threads.h"

namespace stagebeam::engine {
namespace {

// Hex digits of the checkpoint's digest in model_id.
constexpr size_t kDigestDigits = 16;

absl::Status CheckOption(const char* name, int64_t value, int64_t least) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": ", value, " is below ", least));
}

absl::Status CheckOptions(const EngineOptions& options) {
  const std::pair<const char*, std::pair<int64_t, int64_t>> leasts[] = {
      {"threads", {options.threads, 0}},
      {"kv_bytes", {options.kv_bytes, 1}},
      {"image_bytes", {options.image_bytes, 1}},
      {"max_waiting_calls", {options.max_waiting_calls, 1}},
      {"max_running_branches", {options.max_running_branches, 1}},
      {"prefill_chunk", {options.prefill_chunk, 1}},
      {"max_new_tokens", {options.max_new_tokens, 1}},
      {"max_context", {options.max_context, 0}}};
  for (const auto& [name, bounds] : leasts) {
    const absl::Status status = CheckOption(name, bounds.first, bounds.second);
    if (!status.ok()) return status;
  }
  if (options.weights == WeightForm::kInt8 && options.device != "cpu") {
    return absl::InvalidArgumentError(
        absl::StrCat("weights: int8 needs device cpu, is ", options.device));
  }
  return absl::OkStatus();
}

// "<directory name>@<digest>".
std::string ModelId(const Checkpoint& checkpoint) {
  std::filesystem::path path =
      std::filesystem::path(checkpoint.directory()).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return absl::StrCat(path.filename().string(), "@",
                      checkpoint.digest().substr(0, kDigestDigits));
}

FeatureShape ShapeOfFeatures(const Checkpoint& checkpoint) {
  const ModelConfig& config = checkpoint.config();
  return {.max_tiles = config.vision.max_num_tiles,
          .rows_per_tile = config.vision.rows_per_tile(),
          .hidden_size = config.text.hidden_size,
          .vision_digest = checkpoint.vision_digest()};
}

// Cross-attention keys and values of all stored tiles, of all cross layers.
int64_t BytesOfPicture(const ModelConfig& config, DType dtype) {
  const TextConfig& text = config.text;
  const int64_t rows =
      int64_t{config.vision.max_num_tiles} * config.vision.rows_per_tile();
  const int64_t row =
      int64_t{text.num_key_value_heads} * text.head_dim() * SizeOf(dtype);
  return 2 * static_cast<int64_t>(text.cross_attention_layers.size()) * rows *
         row;
}

Sampling DefaultSampling(const GenerationDefaults& defaults) {
  Sampling sampling;
  sampling.temperature = defaults.temperature;
  sampling.top_p = defaults.top_p;
  sampling.top_k = defaults.top_k;
  return sampling;
}

}  // namespace

struct Engine::Parts {
  std::unique_ptr<tokens::Tokenizer> tokenizer;
  std::optional<tokens::ChatFormat> chat;
  std::unique_ptr<TextModel> model;
  std::string model_id;
  std::string vision_digest;
  Sampling default_sampling;
  CallLimits limits;
  // Last, so that it ends first.
  std::unique_ptr<Scheduler> scheduler;

  absl::Status LoadTokens(const EngineOptions& options);
  absl::Status LoadModel(const EngineOptions& options,
                         const Checkpoint& checkpoint);
  absl::Status SetLimits(const EngineOptions& options,
                         const ModelConfig& config);
  void StartScheduler(const EngineOptions& options,
                      const Checkpoint& checkpoint, EngineObserver* observer);
};

absl::Status Engine::Parts::LoadTokens(const EngineOptions& options) {
  const std::filesystem::path file =
      std::filesystem::path(options.checkpoint) / "tokenizer.json";
  auto loaded = tokens::Tokenizer::Load(file.string());
  if (!loaded.ok()) return loaded.status();
  tokenizer = *std::move(loaded);
  auto format =
      tokens::ChatFormat::Create(*tokenizer, {.bos_count = options.bos_count});
  if (!format.ok()) return format.status();
  chat = *std::move(format);
  return absl::OkStatus();
}

absl::Status Engine::Parts::LoadModel(const EngineOptions& options,
                                      const Checkpoint& checkpoint) {
  auto loaded =
      TextModel::Load(checkpoint, {.dtype = options.dtype,
                                   .device = options.device,
                                   .weights = options.weights,
                                   .cuda_graphs = options.cuda_graphs});
  if (!loaded.ok()) return loaded.status();
  model = *std::move(loaded);
  model_id = ModelId(checkpoint);
  vision_digest = checkpoint.vision_digest();
  default_sampling = DefaultSampling(checkpoint.config().generation);
  return absl::OkStatus();
}

absl::Status Engine::Parts::SetLimits(const EngineOptions& options,
                                      const ModelConfig& config) {
  if (chat->image_id() != config.image_token_index) {
    return absl::InvalidArgumentError(
        absl::StrCat("image_token_index: ", config.image_token_index,
                     " in config.json, but tokenizer.json has <|image|> at ",
                     chat->image_id()));
  }
  const int most = config.text.max_position_embeddings;
  if (options.max_context > most) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_context: ", options.max_context,
                     " is over the model's ", most, " positions"));
  }
  limits.prompt_ids = config.text.embedding_rows();
  limits.logit_ids = config.text.logit_columns();
  limits.image_id = chat->image_id();
  limits.head = chat->head();
  limits.max_context = options.max_context == 0 ? most : options.max_context;
  limits.max_new_tokens = options.max_new_tokens;
  limits.max_running_branches = options.max_running_branches;
  limits.bytes_per_token = model->bytes_per_token();
  limits.kv_bytes = options.kv_bytes;
  limits.bytes_per_image =
      BytesOfPicture(config, options.dtype) +
      static_cast<int64_t>(limits.head.size()) * limits.bytes_per_token;
  limits.image_bytes = options.image_bytes;
  return absl::OkStatus();
}

void Engine::Parts::StartScheduler(const EngineOptions& options,
                                   const Checkpoint& checkpoint,
                                   EngineObserver* observer) {
  SchedulerSetup setup;
  setup.model = model.get();
  setup.tokenizer = tokenizer.get();
  setup.observer = observer;
  setup.end_ids = checkpoint.config().generation.eos_token_ids;
  setup.image_id = limits.image_id;
  setup.head = limits.head;
  setup.features = ShapeOfFeatures(checkpoint);
  setup.kv_bytes = limits.kv_bytes;
  setup.image_bytes = limits.image_bytes;
  setup.bytes_per_image = limits.bytes_per_image;
  setup.max_waiting_calls = options.max_waiting_calls;
  setup.max_running_branches = options.max_running_branches;
  setup.prefill_chunk = options.prefill_chunk;
  setup.max_stall = options.max_stall;
  setup.threads = options.threads;
  scheduler = std::make_unique<Scheduler>(std::move(setup));
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Load(
    const EngineOptions& options, EngineObserver* observer) {
  absl::Status status = CheckOptions(options);
  if (!status.ok()) return status;
  auto checkpoint = Checkpoint::Open(options.checkpoint);
  if (!checkpoint.ok()) return checkpoint.status();
  SetTorchThreads(options.threads);
  auto parts = std::make_unique<Parts>();
  status = parts->LoadTokens(options);
  if (status.ok()) status = parts->LoadModel(options, **checkpoint);
  if (status.ok()) status = parts->SetLimits(options, (*checkpoint)->config());
  if (!status.ok()) return status;
  parts->StartScheduler(options, **checkpoint, observer);
  return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Engine::~Engine() = default;

absl::StatusOr<GenerateOutput> Engine::Generate(const GenerateCall& call) {
  absl::StatusOr<CallRequest> request = CheckCall(call, parts_->limits);
  if (!request.ok()) return request.status();
  absl::StatusOr<CallResult> result =
      parts_->scheduler->Run(*std::move(request));
  if (!result.ok()) return result.status();
  return GenerateOutput{std::move(result->branches), result->usage};
}

absl::StatusOr<ScoreOutput> Engine::Score(const ScoreCall& call) {
  absl::StatusOr<CallRequest> request = CheckCall(call, parts_->limits);
  if (!request.ok()) return request.status();
  absl::StatusOr<CallResult> result =
      parts_->scheduler->Run(*std::move(request));
  if (!result.ok()) return result.status();
  return ScoreOutput{std::move(result->probabilities), result->usage};
}

const tokens::Tokenizer& Engine::tokenizer() const {
  return *parts_->tokenizer;
}
const tokens::ChatFormat& Engine::chat() const { return *parts_->chat; }
const std::string& Engine::model_id() const { return parts_->model_id; }
const std::string& Engine::vision_digest() const {
  return parts_->vision_digest;
}
int Engine::max_context() const { return parts_->limits.max_context; }
int Engine::max_new_tokens() const { return parts_->limits.max_new_tokens; }
const Sampling& Engine::default_sampling() const {
  return parts_->default_sampling;
}

}  // namespace stagebeam::engine
