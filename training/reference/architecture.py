"""The checkpoint's shape, and a new model of it."""

import torch
from tokenizer import BASE, SPECIAL
from transformers import MllamaConfig, MllamaForConditionalGeneration
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

TILE, TILES, PATCH = 64, 4, 16
# Rows and columns of tiles; a picture's aspect ratio id is its place here, from 1.
RATIOS = [[1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [3, 1], [4, 1]]
# Cross-attention starts open: from 0, where a text model's own skills would be kept, the eye learns
# late.
CROSS_GATE, POSITION_GATE = 0.8, 0.3


def vision_config(width=128):
    return MllamaVisionConfig(
        hidden_size=width, hidden_act="gelu", num_hidden_layers=4, num_global_layers=2,
        attention_heads=4, num_attention_heads=4, intermediate_size=4 * width,
        vision_output_dim=width * 3, image_size=TILE, patch_size=PATCH, norm_eps=1e-5,
        max_num_tiles=TILES, intermediate_layers_indices=[1, 3], supported_aspect_ratios=RATIOS,
        initializer_range=0.05)


def text_config(tokenizer):
    of = tokenizer.token_to_id
    return MllamaTextConfig(
        vocab_size=BASE + len(SPECIAL), hidden_size=192, hidden_act="silu", num_hidden_layers=7,
        num_attention_heads=6, num_key_value_heads=2, intermediate_size=512, rope_theta=500000.0,
        rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                      "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
        rms_norm_eps=1e-5, max_position_embeddings=131072, initializer_range=0.05,
        cross_attention_layers=[1, 4], bos_token_id=of("<|begin_of_text|>"),
        eos_token_id=[of("<|end_of_text|>"), of("<|eom_id|>"), of("<|eot_id|>")],
        pad_token_id=of("<|finetune_right_pad_id|>"))


def new_model(tokenizer, seed=0):
    """A model with random weights."""
    torch.manual_seed(seed)
    model = MllamaForConditionalGeneration(MllamaConfig(
        vision_config=vision_config(), text_config=text_config(tokenizer),
        image_token_index=tokenizer.token_to_id("<|image|>")))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("cross_attn_attn_gate", "cross_attn_mlp_gate")):
                weight.fill_(CROSS_GATE)
            elif name.endswith("gated_positional_embedding.gate") or (
                    "tile_positional_embedding.gate" in name):
                weight.fill_(POSITION_GATE)
    return model


def load_model(directory):
    """The model of a checkpoint directory, its weights in fp32."""
    return MllamaForConditionalGeneration.from_pretrained(directory, torch_dtype=torch.float32)
