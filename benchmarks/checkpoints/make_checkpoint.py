#!/usr/bin/env python3
"""Writes a random-weight mllama checkpoint (bf16, Hugging Face's layout) for timing.

Tensor names and shapes are the ones of meta-llama/Llama-3.2-11B-Vision-Instruct (the layout that
the class of transformers 4.45 loads directly). Only torch, safetensors and tokenizers are needed;
transformers isn't imported, so the file doubles as a list of every tensor a loader has to handle.
"""

import argparse
import glob
import json
import math
import os
import sys

import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

# Text model (h, inter, layers, cross, heads, kv, vocab), then vision tower. `mid` has the shape of
# Llama-3.2-1B plus four cross-attention layers.
SIZES = {
    "tiny": dict(h=192, inter=512, layers=8, cross=[2, 5], heads=6, kv=2, vocab=2048,
                 vh=64, vinter=256, vheads=4, vl=6, vg=2, inters=[1, 2, 3, 4, 5], img=112),
    "small": dict(h=768, inter=3072, layers=16, cross=[3, 8, 13], heads=12, kv=4, vocab=8192,
                  vh=512, vinter=2048, vheads=8, vl=8, vg=2, inters=[1, 2, 4, 5, 7], img=224),
    "mid": dict(h=2048, inter=8192, layers=20, cross=[3, 8, 13, 18], heads=32, kv=8, vocab=8192,
                vh=1280, vinter=5120, vheads=16, vl=8, vg=2, inters=[1, 2, 4, 5, 7], img=336),
}
PATCH, TILES = 14, 4
ASPECTS = [[1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [3, 1], [4, 1]]
RESERVED = 256
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
NO_SYSTEM = "Prompting with images is incompatible with system messages."
DATES = r"Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
CHAT = (
    """{{- bos_token }}
{%- set ns = namespace(img=false) -%}
{%- for m in messages -%}{%- if m.content is not string -%}{%- for c in m.content -%}
{%- if c.type == 'image' -%}{%- set ns.img = true -%}{%- endif -%}{%- endfor -%}"""
    """{%- endif -%}{%- endfor -%}
{%- if messages[0].role == 'system' -%}
{%- if ns.img -%}{{ raise_exception('""" + NO_SYSTEM + """') }}{%- endif -%}
{%- set sys = messages[0].content -%}{%- set rest = messages[1:] -%}
{%- else -%}{%- set sys = '' -%}{%- set rest = messages -%}{%- endif -%}
{%- if not ns.img -%}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\n""" + DATES + """' + sys + '<|eot_id|>' }}
{%- endif -%}
{%- for m in rest -%}
{{- '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' }}
{%- if m.content is string -%}{{- m.content }}{%- else -%}
{%- for c in m.content -%}{%- if c.type == 'image' -%}{{- '<|image|>' }}"""
    """{%- elif c.type == 'text' -%}{{- c.text }}{%- endif -%}{%- endfor -%}
{%- endif -%}
{{- '<|eot_id|>' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}"""
    """{%- endif -%}
""")


def special_tokens():
    """The reserved ids in the order of the Llama-3.x table; <|image|> comes right after them."""
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
             "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>",
             "<|reserved_special_token_2|>", "<|start_header_id|>", "<|end_header_id|>",
             "<|eom_id|>", "<|eot_id|>", "<|python_tag|>"]
    spare = RESERVED - len(names)
    return names + [f"<|reserved_special_token_{3 + i}|>" for i in range(spare)]


def corpus(extra):
    """English that any Debian with Python has, and the files of `extra`."""
    library = os.path.dirname(os.__file__)
    files = sorted(glob.glob("/usr/share/common-licenses/*"))
    files += sorted(glob.glob(os.path.join(library, "pydoc_data", "*.py")))
    files += sorted(glob.glob(os.path.join(library, "*.py")))[:120]
    for path in dict.fromkeys(os.path.realpath(path) for path in files):
        with open(path, encoding="utf-8", errors="ignore") as file:
            yield file.read()
    for path in extra:
        with open(path, encoding="utf-8", errors="ignore") as file:
            text = file.read()
        # Weight: these prompts should take about as few tokens as with 128k merges.
        for _ in range(40):
            yield text
    stages = ("SUMMARY", "CAPTION", "REASONING", "CONCLUSION")
    tags = "".join(f"<{stage}> some text </{stage}>\n\n" for stage in stages)
    for _ in range(400):
        yield tags


def trained_bpe(vocab, extra):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[], show_progress=False)
    tokenizer.train_from_iterator(corpus(extra), trainer)
    assert tokenizer.get_vocab_size() == vocab, (tokenizer.get_vocab_size(), vocab)
    return tokenizer


def make_tokenizer(out, vocab, extra):
    """Writes tokenizer.json; the ids of the special tokens that have a use."""
    tokenizer = trained_bpe(vocab - RESERVED, extra)
    tokenizer.add_special_tokens(special_tokens() + ["<|image|>"])
    bos = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A",
            pair="<|begin_of_text|> $A <|begin_of_text|> $B",
            special_tokens=[("<|begin_of_text|>", bos)])])
    path = os.path.join(out, "tokenizer.json")
    tokenizer.save(path)
    with open(path, encoding="utf-8") as file:
        saved = json.load(file)
    saved["model"]["ignore_merges"] = True
    write_json(path, saved, indent=None)
    return {n: tokenizer.token_to_id(n) for n in special_tokens()[:11] + ["<|image|>"]}


class RandomTensors:
    """Tensors by name, drawn one after the other from one seed."""

    def __init__(self, seed):
        self.random = torch.Generator().manual_seed(seed)
        self.tensors = {}

    def matrix(self, name, *shape, fan=None, gain=1.0):
        fan = fan or math.prod(shape[1:])
        self.table(name, *shape, scale=gain / math.sqrt(fan))

    def table(self, name, *shape, scale):
        values = torch.randn(*shape, generator=self.random) * scale
        self.tensors[name] = values.to(torch.bfloat16)

    def vector(self, name, size, base, noise):
        values = base + noise * torch.randn(size, generator=self.random)
        self.tensors[name] = values.to(torch.bfloat16)


def add_vision_embeddings(t, c):
    width, rows = c["vh"], (c["img"] // PATCH) ** 2 + 1
    v = "vision_model."
    aspects = len(ASPECTS) + 1
    t.matrix(v + "patch_embedding.weight", width, 3, PATCH, PATCH)
    t.vector(v + "class_embedding", width, 0.0, 0.5)
    t.table(v + "gated_positional_embedding.embedding", rows, width, scale=0.3)
    t.vector(v + "gated_positional_embedding.gate", 1, 0.6, 0.0)
    t.table(v + "gated_positional_embedding.tile_embedding.weight", aspects, TILES * rows * width,
            scale=0.3)
    for name, gate in (("pre", 0.5), ("post", -0.7)):
        p = v + f"{name}_tile_positional_embedding."
        t.table(p + "embedding.weight", aspects, TILES * width, scale=0.3)
        t.vector(p + "gate", 1, gate, 0.0)
    for name in ("layernorm_pre", "layernorm_post"):
        t.vector(v + name + ".weight", width, 1.0, 0.05)
        t.vector(v + name + ".bias", width, 0.0, 0.05)


def add_vision_layer(t, c, p, gated):
    width, inner = c["vh"], c["vinter"]
    for q in "qkvo":
        t.matrix(p + f"self_attn.{q}_proj.weight", width, width, gain=0.5 if q == "o" else 1.0)
    t.matrix(p + "mlp.fc1.weight", inner, width)
    t.vector(p + "mlp.fc1.bias", inner, 0.0, 0.02)
    t.matrix(p + "mlp.fc2.weight", width, inner, gain=0.7)
    t.vector(p + "mlp.fc2.bias", width, 0.0, 0.02)
    for name in ("input_layernorm", "post_attention_layernorm"):
        t.vector(p + name + ".weight", width, 1.0, 0.05)
        t.vector(p + name + ".bias", width, 0.0, 0.02)
    if gated:
        t.vector(p + "gate_attn", 1, 0.8, 0.1)
        t.vector(p + "gate_ffn", 1, 0.8, 0.1)


def add_vision(t, c):
    add_vision_embeddings(t, c)
    for tower, count, gated in (("transformer", c["vl"], False),
                                ("global_transformer", c["vg"], True)):
        for i in range(count):
            add_vision_layer(t, c, f"vision_model.{tower}.layers.{i}.", gated)
    t.matrix("multi_modal_projector.weight", c["h"], c["vh"] * (1 + len(c["inters"])))
    t.vector("multi_modal_projector.bias", c["h"], 0.0, 0.02)


def add_text_layer(t, c, p, is_cross):
    hidden, inner = c["h"], c["inter"]
    head = hidden // c["heads"]
    residual = 1.0 / math.sqrt(c["layers"])
    a = p + ("cross_attn." if is_cross else "self_attn.")
    t.matrix(a + "q_proj.weight", hidden, hidden)
    t.matrix(a + "k_proj.weight", head * c["kv"], hidden)
    t.matrix(a + "v_proj.weight", head * c["kv"], hidden)
    t.matrix(a + "o_proj.weight", hidden, hidden, gain=residual)
    if is_cross:
        t.vector(a + "q_norm.weight", head, 1.0, 0.1)
        t.vector(a + "k_norm.weight", head, 1.0, 0.1)
        t.vector(p + "cross_attn_attn_gate", 1, 0.9, 0.1)
        t.vector(p + "cross_attn_mlp_gate", 1, -0.6, 0.1)
    t.matrix(p + "mlp.gate_proj.weight", inner, hidden)
    t.matrix(p + "mlp.up_proj.weight", inner, hidden)
    t.matrix(p + "mlp.down_proj.weight", hidden, inner, gain=residual)
    t.vector(p + "input_layernorm.weight", hidden, 1.0, 0.05)
    t.vector(p + "post_attention_layernorm.weight", hidden, 1.0, 0.05)


def add_text(t, c):
    root = "language_model.model."
    # About unit-variance rows after the first norm.
    t.matrix(root + "embed_tokens.weight", c["vocab"] + 8, c["h"], fan=4)
    for i in range(c["layers"]):
        add_text_layer(t, c, root + f"layers.{i}.", i in c["cross"])
    t.vector(root + "norm.weight", c["h"], 1.0, 0.05)
    # Logits with a standard deviation of about 2.
    t.matrix("language_model.lm_head.weight", c["vocab"], c["h"], gain=2.0)


def text_config(c, ids, eos):
    return {
        "model_type": "mllama_text_model", "vocab_size": c["vocab"], "hidden_size": c["h"],
        "hidden_act": "silu", "intermediate_size": c["inter"],
        "num_hidden_layers": c["layers"], "num_attention_heads": c["heads"],
        "num_key_value_heads": c["kv"], "cross_attention_layers": c["cross"],
        "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "max_position_embeddings": 131072,
        "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                         "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
        "tie_word_embeddings": False, "use_cache": True, "dropout": 0,
        "initializer_range": 0.02, "bos_token_id": ids["<|begin_of_text|>"],
        "eos_token_id": eos, "pad_token_id": ids["<|finetune_right_pad_id|>"],
        "torch_dtype": "bfloat16"}


def vision_config(c):
    return {
        "model_type": "mllama_vision_model", "hidden_size": c["vh"],
        "intermediate_size": c["vinter"], "attention_heads": c["vheads"],
        "num_attention_heads": c["vheads"], "num_hidden_layers": c["vl"],
        "num_global_layers": c["vg"], "intermediate_layers_indices": c["inters"],
        "vision_output_dim": c["vh"] * (1 + len(c["inters"])), "image_size": c["img"],
        "patch_size": PATCH, "num_channels": 3, "hidden_act": "gelu", "norm_eps": 1e-5,
        "max_num_tiles": TILES, "supported_aspect_ratios": ASPECTS, "torch_dtype": "bfloat16"}


def preprocessor_config(c):
    return {
        "image_processor_type": "MllamaImageProcessor", "do_convert_rgb": True,
        "do_resize": True, "resample": 2, "size": {"height": c["img"], "width": c["img"]},
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711], "do_pad": True,
        "max_image_tiles": TILES}


def json_files(c, ids):
    """Every JSON file of the directory but tokenizer.json, by name."""
    eos = [ids["<|end_of_text|>"], ids["<|eom_id|>"], ids["<|eot_id|>"]]
    bos, pad = ids["<|begin_of_text|>"], ids["<|finetune_right_pad_id|>"]
    return {
        "config.json": {
            "architectures": ["MllamaForConditionalGeneration"], "model_type": "mllama",
            "image_token_index": ids["<|image|>"], "torch_dtype": "bfloat16",
            "transformers_version": "4.45.0", "text_config": text_config(c, ids, eos),
            "vision_config": vision_config(c)},
        "generation_config.json": {
            "_from_model_config": False, "bos_token_id": bos, "eos_token_id": eos,
            "pad_token_id": pad, "do_sample": True, "temperature": 0.6, "top_p": 0.9,
            "transformers_version": "4.45.0"},
        "preprocessor_config.json": preprocessor_config(c),
        "processor_config.json": {"processor_class": "MllamaProcessor"},
        "chat_template.json": {"chat_template": CHAT},
        "special_tokens_map.json": {
            "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>",
            "pad_token": "<|finetune_right_pad_id|>"},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "processor_class": "MllamaProcessor",
            "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>",
            "pad_token": "<|finetune_right_pad_id|>",
            "model_input_names": ["input_ids", "attention_mask"], "model_max_length": 131072,
            "clean_up_tokenization_spaces": True, "chat_template": CHAT},
    }


def write_json(path, value, indent=1):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=indent, ensure_ascii=False)


def summary(size, c, tensors):
    count = sum(t.numel() for t in tensors.values())
    vision = sum(t.numel() for k, t in tensors.items() if k.startswith("vision_model"))
    cross = sum(t.numel() for k, t in tensors.items()
                if any(f".layers.{i}." in k for i in c["cross"]) and "language" in k)
    return {"size": size, "params": count, "vision_params": vision, "cross_layer_params": cross,
            "tensors": len(tensors), "bf16_bytes": 2 * count, "vocab": c["vocab"],
            "image_size": c["img"], "vision_tokens_per_tile": (c["img"] // PATCH) ** 2 + 1}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, required=True)
    parser.add_argument("--out", required=True, help="directory to write")
    parser.add_argument("--image-size", type=int, help="side of a tile, pixels")
    parser.add_argument("--vocab", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--extra-corpus", nargs="*", default=[], metavar="FILE",
                        help="text that the tokenizer should know well")
    args = parser.parse_args()
    c = dict(SIZES[args.size])
    c["img"] = args.image_size or c["img"]
    c["vocab"] = args.vocab or c["vocab"]
    os.makedirs(args.out, exist_ok=True)
    ids = make_tokenizer(args.out, c["vocab"], args.extra_corpus)
    assert ids["<|image|>"] == c["vocab"]
    for name, value in json_files(c, ids).items():
        write_json(os.path.join(args.out, name), value)
    drawn = RandomTensors(args.seed)
    add_vision(drawn, c)
    add_text(drawn, c)
    save_file(drawn.tensors, os.path.join(args.out, "model.safetensors"),
              metadata={"format": "pt"})
    print(json.dumps(summary(args.size, c, drawn.tensors)))


if __name__ == "__main__":
    sys.exit(main())
