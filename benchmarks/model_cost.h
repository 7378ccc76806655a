#ifndef STAGEBEAM_BENCHMARKS_MODEL_COST_H_
#define STAGEBEAM_BENCHMARKS_MODEL_COST_H_

#include <cstdint>

#include "libs/engine/model_config.h"

// What mllama asks of a machine, counted from its configuration. A multiply-add
// is two operations; norms, activations and rotations, which are well below a
// percent, are left out.
namespace stagebeam::benchmarks {

// Numbers in the weights that a decode step multiplies with, head included;
// the embedding table is looked up, not multiplied. Without a picture the
// cross layers are skipped whole; with one, their keys and values are there
// already, so k_proj and v_proj do not count.
int64_t DecodeWeights(const engine::TextConfig& config, bool with_image);

// Operations of reading `tokens` tokens behind nothing: linear layers over all
// rows, the head over one, and the two products of attention, causal in the
// self layers and over `image_rows` rows of a picture (0: none) in the cross
// layers.
double PrefillOperations(const engine::TextConfig& config, int64_t tokens,
                         int64_t image_rows);

// Operations of encoding a picture that fills `tile_count` tiles: patch
// embedding, both transformers over the rows of all tiles with their padding,
// as the model is defined, and the projector.
double EncodeOperations(const engine::ModelConfig& config, int tile_count);

}  // namespace stagebeam::benchmarks

#endif  // STAGEBEAM_BENCHMARKS_MODEL_COST_H_
