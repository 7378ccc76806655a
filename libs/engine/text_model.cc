#include "libs/engine/text_model.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/index_select.h>
#include <c10/core/InferenceMode.h>

#include <cstring>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "libs/engine/key_values_storage.h"
#include "libs/engine/placement.h"
#include "libs/engine/rope.h"
#include "libs/engine/step_pieces.h"
#include "libs/engine/step_plan.h"
#include "libs/engine/text_layers.h"
#include "libs/engine/torch_errors.h"
#include "libs/engine/weight_loader.h"

namespace stagebeam::engine {
namespace {

constexpr char kRoot[] = "language_model.";

// The layers in order, each numbered within its kind.
struct LayerStack {
  std::vector<std::variant<SelfLayer, CrossLayer>> layers;
  int self_count = 0;
  int cross_count = 0;
};

LayerStack LoadLayers(WeightLoader& loader, const TextConfig& config) {
  LayerStack stack;
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const std::string prefix = absl::StrCat(kRoot, "model.layers.", i, ".");
    if (config.IsCrossLayer(i)) {
      stack.layers.emplace_back(
          CrossLayer(loader, config, prefix, stack.cross_count++));
    } else {
      stack.layers.emplace_back(
          SelfLayer(loader, config, prefix, stack.self_count++));
    }
  }
  return stack;
}

absl::StatusOr<std::unique_ptr<StepPieces>> MakePieces(
    const ModelPlacement& placement) {
  if (placement.cuda_graphs) return MakeGraphPieces(placement.device);
  return std::make_unique<StepPieces>();
}

}  // namespace

struct TextModel::Weights {
  Weights(WeightLoader& loader, const TextConfig& text,
          const ModelPlacement& where, std::unique_ptr<StepPieces> step_pieces)
      : config(text),
        placement(where),
        embedding(loader.Load(absl::StrCat(kRoot, "model.embed_tokens.weight"),
                              {text.embedding_rows(), text.hidden_size})),
        stack(LoadLayers(loader, text)),
        norm(loader.LoadRmsNorm(absl::StrCat(kRoot, "model.norm"),
                                text.hidden_size, text.rms_norm_eps)),
        // A tied head is the whole embedding table.
        head(text.tie_word_embeddings
                 ? loader.MakeLinear(embedding, nullptr)
                 : loader.LoadLinear(absl::StrCat(kRoot, "lm_head"),
                                     text.vocab_size, text.hidden_size)),
        rope(text.rope, text.head_dim(), where),
        pieces(std::move(step_pieces)) {}

  at::Tensor Embed(const StepPlan& plan) const {
    return at::index_select(*embedding, 0,
                            PlaceIndices(plan.token_ids, placement));
  }

  // Logits of the plan's rows out of the last layer's output.
  StepLogits Read(const at::Tensor& x, const StepPlan& plan) const {
    StepLogits logits{
        static_cast<int>(plan.logit_rows.size()), config.logit_columns(), {}};
    if (logits.rows == 0) return logits;
    const at::Tensor rows =
        at::index_select(x, 0, PlaceIndices(plan.logit_rows, placement));
    const at::Tensor values =
        head.Apply(norm.Apply(rows)).to(at::kCPU, at::kFloat).contiguous();
    const float* const begin = values.const_data_ptr<float>();
    logits.values.assign(begin, begin + values.numel());
    return logits;
  }

  void RunLayers(at::Tensor& x, const StepPlan& plan) const {
    const at::Tensor rotations = rope.Rotations(plan.positions);
    for (const auto& layer : stack.layers) {
      if (const auto* cross = std::get_if<CrossLayer>(&layer)) {
        cross->Run(x, plan);
      } else {
        std::get<SelfLayer>(layer).Run(x, plan, rotations, *pieces);
      }
    }
  }

  StepLogits Step(const StepPlan& plan) const {
    for (const PlannedGroup& planned : plan.groups) {
      planned.group->own->storage().Reserve(static_cast<int>(planned.count));
    }
    at::Tensor x = Embed(plan);
    RunLayers(x, plan);
    StepLogits logits = Read(x, plan);
    // Last, so that a step that fails leaves all lengths as they were.
    for (const PlannedGroup& planned : plan.groups) {
      planned.group->own->storage().length += static_cast<int>(planned.count);
    }
    return logits;
  }

  TextConfig config;
  ModelPlacement placement;
  Weight embedding;
  LayerStack stack;
  RmsNorm norm;
  Linear head;
  Rope rope;
  std::unique_ptr<StepPieces> pieces;
};

TextModel::TextModel(std::unique_ptr<Weights> weights)
    : weights_(std::move(weights)) {}
TextModel::~TextModel() = default;

absl::StatusOr<std::unique_ptr<TextModel>> TextModel::Load(
    const Checkpoint& checkpoint, const ModelPlacement& placement) {
  if (absl::Status device = CheckDevice(placement.device); !device.ok())
    return device;
  return CatchTorch([&]() -> absl::StatusOr<std::unique_ptr<TextModel>> {
    const c10::InferenceMode no_gradients;
    auto pieces = MakePieces(placement);
    if (!pieces.ok()) return pieces.status();
    WeightLoader loader(checkpoint, placement);
    auto weights = std::make_unique<Weights>(loader, checkpoint.config().text,
                                             placement, *std::move(pieces));
    if (!loader.status().ok()) return loader.status();
    return std::unique_ptr<TextModel>(new TextModel(std::move(weights)));
  });
}

absl::StatusOr<StepLogits> TextModel::Step(std::span<StepGroup> groups) const {
  const absl::StatusOr<StepPlan> plan =
      StepPlan::Make(groups, weights_->config);
  if (!plan.ok()) return plan.status();
  if (plan->groups.empty()) return StepLogits{0, vocab_size(), {}};
  return CatchTorch([&]() -> absl::StatusOr<StepLogits> {
    const c10::InferenceMode no_gradients;
    return weights_->Step(*plan);
  });
}

absl::StatusOr<std::unique_ptr<ImageKeyValues>> TextModel::MakeImageKeyValues(
    std::span<const char> features, DType features_dtype, int stored_tile_count,
    int rows_per_tile) const {
  const int64_t width = weights_->config.hidden_size;
  const int64_t rows = int64_t{stored_tile_count} * rows_per_tile;
  const int64_t row_bytes = width * SizeOf(features_dtype);
  if (stored_tile_count < 1 || rows_per_tile < 1 ||
      static_cast<int64_t>(features.size()) / row_bytes != rows ||
      static_cast<int64_t>(features.size()) % row_bytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("features have ", features.size(), " bytes, which is not ",
                     rows, " rows of ", row_bytes));
  }
  return CatchTorch([&]() -> absl::StatusOr<std::unique_ptr<ImageKeyValues>> {
    const c10::InferenceMode no_gradients;
    const at::Tensor x =
        PlaceRows(features, features_dtype, rows, width, weights_->placement);
    auto storage = std::make_unique<ImageKeyValues::Storage>();
    storage->rows_per_tile = rows_per_tile;
    for (const auto& layer : weights_->stack.layers) {
      if (const auto* cross = std::get_if<CrossLayer>(&layer))
        cross->AppendKeyValues(x, *storage);
    }
    return std::make_unique<ImageKeyValues>(std::move(storage));
  });
}

std::unique_ptr<KeyValues> TextModel::MakeKeyValues(int branches,
                                                    int capacity) const {
  auto storage = std::make_unique<KeyValues::Storage>();
  storage->placement = weights_->placement;
  storage->kv_heads = weights_->config.num_key_value_heads;
  storage->head_dim = weights_->config.head_dim();
  storage->keys.resize(weights_->stack.self_count);
  storage->values.resize(weights_->stack.self_count);
  storage->branches = storage->held_branches = branches;
  storage->capacity = capacity;
  return std::make_unique<KeyValues>(std::move(storage));
}

int64_t TextModel::bytes_per_token() const {
  const TextConfig& config = weights_->config;
  return 2 * int64_t{weights_->stack.self_count} * config.num_key_value_heads *
         config.head_dim() * SizeOf(weights_->placement.dtype);
}

int TextModel::vocab_size() const { return weights_->config.logit_columns(); }

}  // namespace stagebeam::engine
