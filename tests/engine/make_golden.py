"""Writes the engine's golden checkpoints and values with Hugging Face mllama.

    python make_golden.py [name ...]        (transformers 4.45.0)

golden/<name>/    a checkpoint directory of odd shape, random weights
golden/reference/ values only, of models/reference
  golden.json         cases: prompt, picture's arrangement, 32 greedy tokens
  golden.safetensors  of each case: pixels (real tiles), features, logits; in
                      bf16 also what Hugging Face's bf16 model says

Values are fp32 results over the weights as the files hold them. Every step is a
full pass without a cache, with the cross-attention mask passed in: without one
transformers runs cross-attention causally.
"""

import json
import pathlib
import shutil
import sys

import numpy as np
import tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import MllamaConfig, MllamaForConditionalGeneration
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE / "golden"
REFERENCE = HERE.parents[1] / "models" / "reference"
STEPS = 32

LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 8192}

# file: number format; layout: how the directory is written; heads: positions of
# <|image|> in the prompts, one picture case after another.
MODELS = {
    "wide": dict(
        seed=1, file=torch.bfloat16, layout="sharded", heads=[5, 0, 6, 2],
        vision=dict(hidden_size=48, attention_heads=4, num_hidden_layers=5, num_global_layers=2,
                    intermediate_layers_indices=[1, 3, 4], intermediate_size=96, image_size=56,
                    patch_size=14, max_num_tiles=4),
        text=dict(vocab_size=120, hidden_size=64, num_attention_heads=8, num_key_value_heads=2,
                  num_hidden_layers=6, cross_attention_layers=[1, 4], intermediate_size=96,
                  rope_scaling=LLAMA3)),
    "first_cross": dict(
        seed=2, file=torch.float32, layout="single", heads=[2, 5, 5, 6],
        vision=dict(hidden_size=40, attention_heads=5, num_hidden_layers=3, num_global_layers=1,
                    intermediate_layers_indices=[0, 2], intermediate_size=64, image_size=70,
                    patch_size=14, max_num_tiles=4),
        text=dict(vocab_size=104, hidden_size=60, num_attention_heads=6, num_key_value_heads=3,
                  num_hidden_layers=5, cross_attention_layers=[0, 3], intermediate_size=72,
                  rope_theta=10000.0,
                  rope_scaling=dict(LLAMA3, factor=4.0, original_max_position_embeddings=64))),
    "three_tiles": dict(
        seed=3, file=torch.float32, layout="renamed", heads=[5, 6, 2],
        vision=dict(hidden_size=32, attention_heads=2, num_hidden_layers=6, num_global_layers=3,
                    intermediate_layers_indices=[4, 1, 6, 0], intermediate_size=48, image_size=28,
                    patch_size=14, max_num_tiles=3),
        text=dict(vocab_size=100, hidden_size=48, num_attention_heads=4, num_key_value_heads=4,
                  num_hidden_layers=5, cross_attention_layers=[1, 2, 4], intermediate_size=64,
                  rope_scaling=dict(LLAMA3, factor=16.0, low_freq_factor=2.0, high_freq_factor=8.0,
                                    original_max_position_embeddings=32))),
    "six_tiles_tied": dict(
        seed=4, file=torch.bfloat16, layout="single", heads=[5, 2, 0, 6, 5, 5],
        vision=dict(hidden_size=24, attention_heads=3, num_hidden_layers=2, num_global_layers=1,
                    intermediate_layers_indices=[1], intermediate_size=32, image_size=42,
                    patch_size=14, max_num_tiles=6),
        text=dict(vocab_size=96, hidden_size=32, num_attention_heads=2, num_key_value_heads=1,
                  num_hidden_layers=3, cross_attention_layers=[1], intermediate_size=48,
                  tie_word_embeddings=True, rope_scaling={"rope_type": "default"})),
    "odd_patches": dict(
        seed=5, file=torch.float16, layout="v5", heads=[5, 3, 6, 4],
        vision=dict(hidden_size=30, attention_heads=2, num_hidden_layers=2, num_global_layers=1,
                    intermediate_layers_indices=[2, 0, 2], intermediate_size=40, image_size=30,
                    patch_size=8, max_num_tiles=4, norm_eps=1e-3),
        text=dict(vocab_size=88, hidden_size=36, num_attention_heads=3, num_key_value_heads=3,
                  num_hidden_layers=4, cross_attention_layers=[3], intermediate_size=52,
                  rms_norm_eps=1e-4, rope_theta=20000.0, rope_scaling={"rope_type": "default"})),
}


def arrangements(tiles):
    """(high, wide) in the order of the aspect ratio ids, which begin with 1."""
    return [(a, b) for a in range(1, tiles + 1) for b in range(1, tiles + 1) if a * b <= tiles]


# ---- Checkpoints -----------------------------------------------------------


def make_config(spec):
    vision = dict(spec["vision"])
    vision["supported_aspect_ratios"] = [list(x) for x in arrangements(vision["max_num_tiles"])]
    vision["vision_output_dim"] = vision["hidden_size"] * (1 + len(vision["intermediate_layers_indices"]))
    text = dict(spec["text"], bos_token_id=0, eos_token_id=[1, 3], pad_token_id=2)
    config = MllamaConfig(vision_config=MllamaVisionConfig(**vision), text_config=MllamaTextConfig(**text),
                          image_token_index=text["vocab_size"])
    config._attn_implementation = "sdpa"
    return config


def randomise(model, generator):
    """Every parameter away from its initial value, gates and norms too."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "gate" in name and parameter.numel() == 1:
            noise = 0.8 * noise
        elif parameter.dim() == 1 and name.endswith("weight"):
            noise = 1 + 0.2 * noise
        elif parameter.dim() == 1:
            noise = 0.2 * noise
        elif "embed" in name:
            noise = 0.6 * noise
        else:
            noise = 1.3 * noise / parameter[0].numel() ** 0.5
        parameter.data.copy_(noise)


def renamed(name):
    """The published name as modules are called since 4.52."""
    if name.startswith("language_model.lm_head."):
        return name.removeprefix("language_model.")
    if name.startswith("language_model.model."):
        return "model.language_model." + name.removeprefix("language_model.model.")
    return "model." + name


def rewrite_rope(config):
    """As transformers 5 writes it."""
    text = config["text_config"]
    text["rope_parameters"] = dict(text.pop("rope_scaling"), rope_theta=text.pop("rope_theta"))


def write_checkpoint(directory, spec):
    torch.manual_seed(spec["seed"])
    model = MllamaForConditionalGeneration(make_config(spec)).eval()
    randomise(model, torch.Generator().manual_seed(spec["seed"]))
    model = model.to(spec["file"])
    model.save_pretrained(directory, max_shard_size="150KB" if spec["layout"] == "sharded" else "1GB")
    if spec["layout"] == "renamed":
        tensors = load_file(directory / "model.safetensors")
        save_file({renamed(k): v for k, v in tensors.items()}, directory / "model.safetensors",
                  metadata={"format": "pt"})
    vision = spec["vision"]
    side = vision["image_size"]
    (directory / "preprocessor_config.json").write_text(json.dumps({
        "image_processor_type": "MllamaImageProcessor", "size": {"height": side, "width": side},
        "max_image_tiles": vision["max_num_tiles"]}) + "\n")


def load_model(directory, spec, dtype):
    """4.45.0 does not read the renamed layout: load what was written, by hand."""
    if spec is None or spec["layout"] != "renamed":
        return MllamaForConditionalGeneration.from_pretrained(directory, torch_dtype=dtype,
                                                              attn_implementation="sdpa").eval()
    tensors = load_file(directory / "model.safetensors")
    published = {old: tensors[renamed(old)] for old in
                 MllamaForConditionalGeneration(make_config(spec)).state_dict()}
    return MllamaForConditionalGeneration.from_pretrained(
        None, config=make_config(spec), state_dict=published, torch_dtype=dtype).eval()


# ---- Values ----------------------------------------------------------------


def cross_mask(prompt, rows, image_token, tiles, max_tiles):
    mask = torch.zeros(1, rows, 1, max_tiles, dtype=torch.int64)
    mask[:, prompt.index(image_token):, :, :tiles] = 1
    return mask


def picture_inputs(pixels, max_tiles, ratio_id, dtype):
    tiles = len(pixels)
    padded = torch.zeros(1, 1, max_tiles, *pixels.shape[1:])
    padded[0, 0, :tiles] = pixels.float()
    return {"pixel_values": padded.to(dtype),
            "aspect_ratio_ids": torch.tensor([[ratio_id]]),
            "aspect_ratio_mask": (torch.arange(max_tiles) < tiles).long().view(1, 1, -1)}


@torch.no_grad()
def logits_of(model, case, pixels, ids):
    """[rows, vocabulary] of all rows of a sequence that begins with the prompt."""
    inputs = {"input_ids": torch.tensor([ids]), "use_cache": False}
    if pixels is not None:
        max_tiles = model.config.vision_config.max_num_tiles
        inputs |= picture_inputs(pixels, max_tiles, case["aspect_ratio_id"], model.dtype)
        inputs["cross_attention_mask"] = cross_mask(
            case["prompt"], len(ids), model.config.image_token_index, len(pixels), max_tiles)
    return model(**inputs).logits[0].float()


def run_case(models, case, pixels, all_rows, out):
    features = []
    fp32, bf16 = models
    hooks = [m.multi_modal_projector.register_forward_hook(
        lambda module, inputs, output: features.append(output.flatten(0, -2))) for m in models]
    ids = list(case["prompt"])
    for _ in range(STEPS):
        ids.append(int(logits_of(fp32, case, pixels, ids)[-1].argmax()))
    case["greedy"] = ids[len(case["prompt"]):]
    first = 0 if all_rows else len(case["prompt"]) - 1
    case["first_row"] = first
    name = case["name"]
    out[f"{name}.logits"] = logits_of(fp32, case, pixels, ids)[first:].contiguous()
    if pixels is not None:
        out[f"{name}.pixels"] = pixels.contiguous()
        out[f"{name}.features"] = features[-1].float().contiguous()
    out[f"{name}.bf16_logits"] = logits_of(bf16, case, pixels, ids)[-4:].contiguous()
    if pixels is not None:
        out[f"{name}.bf16_features"] = features[-1].contiguous()
    for hook in hooks:
        hook.remove()


def random_cases(spec, generator):
    """A picture of each number of tiles, and two texts."""
    vocab = spec["text"]["vocab_size"]
    max_tiles = spec["vision"]["max_num_tiles"]
    side = spec["vision"]["image_size"]
    for tiles in range(1, max_tiles + 1):
        ratios = [i + 1 for i, (a, b) in enumerate(arrangements(max_tiles)) if a * b == tiles]
        prompt = generator.integers(4, vocab, 14 + tiles).tolist()
        prompt[spec["heads"][tiles - 1]] = vocab
        pixels = torch.tensor(generator.standard_normal((tiles, 3, side, side)), dtype=torch.bfloat16)
        yield {"name": f"tiles{tiles}", "aspect_ratio_id": int(ratios[tiles % len(ratios)]),
               "prompt": prompt}, pixels
    for name, length in (("text", 13), ("one_token", 1)):
        yield {"name": name, "prompt": generator.integers(4, vocab, length).tolist()}, None


def blocks(generator, tiles, side):
    """Coloured squares, normalised: a picture of few colours."""
    coarse = generator.integers(0, 2, (tiles, 3, side // 16, side // 16)) * 3.5 - 1.75
    return torch.tensor(coarse.repeat(16, 2).repeat(16, 3), dtype=torch.bfloat16)


def reference_cases(generator):
    tokenizer = tokenizers.Tokenizer.from_file(str(REFERENCE / "tokenizer.json"))
    chat = ("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{}{}<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n")
    questions = ["What color is the circle?", "How many squares are there?", "Is there a red shape?",
                 "What digit is shown?"]
    for tiles, (ratio_id, question) in enumerate(zip([1, 5, 3, 6], questions, strict=True), start=1):
        ids = tokenizer.encode(chat.format("<|image|>", question), add_special_tokens=False).ids
        yield {"name": f"tiles{tiles}", "aspect_ratio_id": ratio_id, "prompt": ids}, \
            blocks(generator, tiles, 64)
    ids = tokenizer.encode(chat.format("", "What is a triangle?"), add_special_tokens=False).ids
    yield {"name": "text", "prompt": ids}, None


def write_values(directory, checkpoint, spec, cases):
    models = [load_model(checkpoint, spec, dtype) for dtype in (torch.float32, torch.bfloat16)]
    out, listed = {}, []
    for case, pixels in cases:
        case["tiles"] = 0 if pixels is None else len(pixels)
        run_case(models, case, pixels, spec is not None, out)
        listed.append(case)
    save_file(out, directory / "golden.safetensors")
    lines = ",\n".join("  " + json.dumps(case) for case in listed)
    (directory / "golden.json").write_text('{"cases": [\n' + lines + "\n]}\n")
    print(directory.name, sum(f.stat().st_size for f in directory.iterdir()) // 1024, "KiB", flush=True)


def main():
    assert transformers.__version__ == "4.45.0", transformers.__version__
    torch.set_num_threads(1)
    for name in sys.argv[1:] or [*MODELS, "reference"]:
        directory = GOLDEN / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        if name == "reference":
            write_values(directory, REFERENCE, None, reference_cases(np.random.default_rng(7)))
            continue
        spec = MODELS[name]
        write_checkpoint(directory, spec)
        write_values(directory, directory, spec, random_cases(spec, np.random.default_rng(spec["seed"])))
        if spec["layout"] == "v5":
            path = directory / "config.json"
            config = json.loads(path.read_text())
            rewrite_rope(config)
            path.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
