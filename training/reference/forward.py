"""The mllama forward pass, lean enough to train on a processor.

The modules and their weights are Hugging Face's; this runs them with what training and sampling
here need and no more: one picture a row, all rows' pictures at the same place, several rows a
picture. Formulas are those of transformers' MllamaForConditionalGeneration; `forward_test.py` holds
the one against the other. Products run in PRODUCTS under `products`, softmax and norms in fp32.

Shapes: B rows, P pictures, T tokens, S picture tokens (tiles x patches + class), D the text's
width.
"""

import torch
import torch.nn.functional as F


def has_bfloat16(processor):
    """Whether a processor, as torch describes one, multiplies in bfloat16. One that does not takes
    many times longer over such products than over those in fp32.
    """
    return bool(processor.get("avx512_bf16") or processor.get("amx_bf16"))


PRODUCTS = torch.bfloat16 if has_bfloat16(torch.cpu.get_capabilities()) else torch.float32
NEVER = -1e30
TILES_OUT = 17  # a tile's class token and 16 patches


def products():
    """What the forward pass runs under."""
    return torch.autocast("cpu", torch.bfloat16, enabled=PRODUCTS == torch.bfloat16)


def heads(x, count):
    """(B, T, count * d) -> (B, count, T, d)"""
    return x.view(*x.shape[:2], count, -1).transpose(1, 2)


def attend(q, k, v, bias):
    """q (B, H, T, d), k and v (B, K, S, d), bias over (B, H, T, S) or None -> (B, T, H * d)

    K divides H: neighbouring heads share keys and values, which are not copied for it.
    """
    b, h, t, d = q.shape
    shared = (b, k.shape[1], -1, d)
    scores = torch.matmul((q * d ** -0.5).reshape(shared), k.transpose(-1, -2)).view(b, h, t, -1)
    if bias is not None:
        scores = scores.add_(bias.to(scores.dtype))
    chances = torch.softmax(scores, -1)
    out = torch.matmul(chances.view(b, k.shape[1], -1, k.shape[2]), v).view(b, h, t, d)
    return out.transpose(1, 2).flatten(2)


def rms_norm(x, norm):
    x = x.float()
    eps = norm.variance_epsilon
    return (norm.weight * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)).to(PRODUCTS)


def rotate(x, cos, sin):
    first, second = x.chunk(2, -1)
    return (x * cos + torch.cat((-second, first), -1) * sin).to(PRODUCTS)


def rotation(model, positions):
    """cos and sin of every position, (B, 1, T, d) of positions (B, T)."""
    cos, sin = model.model.language_model.rotary_emb(torch.zeros(1), positions)
    return cos[:, None], sin[:, None]


def vision_layer(layer, x, bias, count):
    """A layer of the vision encoder; the global ones have gates."""
    y = layer.input_layernorm(x).to(PRODUCTS)
    a = layer.self_attn
    y = a.o_proj(attend(*(heads(p(y), count) for p in (a.q_proj, a.k_proj, a.v_proj)), bias))
    x = x + (layer.gate_attn.tanh() * y if layer.is_gated else y)
    y = layer.mlp.fc2(F.gelu(layer.mlp.fc1(layer.post_attention_layernorm(x).to(PRODUCTS))))
    return x + (layer.gate_ffn.tanh() * y if layer.is_gated else y)


def tile_embedding(module, x, ratio):
    """Adds a tile's own vector, (P, T, 1, d) of the aspect ratio, to x (P, T, L, d)."""
    vectors = module.embedding(ratio).view(x.shape[0], x.shape[1], 1, -1)
    return x + vectors * module.gate.tanh()


def patches(vision, pixels, ratio):
    """pixels (P, tiles, 3, h, w) -> tokens before the layers (P, tiles, 17, d)"""
    p, t = pixels.shape[:2]
    x = vision.patch_embedding(pixels.flatten(0, 1)).flatten(2).transpose(1, 2).float()
    x = tile_embedding(vision.pre_tile_positional_embedding, x.view(p, t, x.shape[1], -1), ratio)
    x = torch.cat([vision.class_embedding.expand(p, t, 1, x.shape[-1]), x], 2)
    g = vision.gated_positional_embedding
    own = g.tile_embedding(ratio).view(p, t, x.shape[2], -1)
    x = x + (1 - g.gate.tanh()) * g.embedding + g.gate.tanh() * own
    return vision.layernorm_pre(x)


def unused_pairs(tiles, length):
    """Bias that keeps tokens of unused tiles, and the padding, from each other: (P, 1, L, L)."""
    off = torch.ones(*tiles.shape, length)
    off[:, :, :TILES_OUT] = 1.0 - tiles[:, :, None].float()
    off = off.flatten(1)
    return (off[:, :, None] * off[:, None, :])[:, None] * NEVER


def picture_states(model, pixels, ratio, tiles):
    """What the text attends to (P, S, D), of pixels (P, tiles, 3, h, w), ratio (P,), used tiles."""
    vision = model.model.vision_model
    c = vision.config
    x = F.pad(patches(vision, pixels, ratio), (0, 0, 0, -TILES_OUT % 8))
    p, t, length, width = x.shape
    bias = unused_pairs(tiles, length)
    x, between = x.view(p, t * length, width), []
    for i, layer in enumerate(vision.transformer.layers):
        if i in c.intermediate_layers_indices:
            between.append(x)
        x = vision_layer(layer, x, bias, c.attention_heads)
    x = vision.layernorm_post(x).view(p, t, length, width)
    x = tile_embedding(vision.post_tile_positional_embedding, x, ratio).view(p, t * length, width)
    for layer in vision.global_transformer.layers:
        x = vision_layer(layer, x, bias, c.attention_heads)
    x = torch.cat([x, torch.stack(between, -1).flatten(2)], -1)
    x = x.view(p, t, length, -1)[:, :, :TILES_OUT].reshape(p, t * TILES_OUT, -1)
    return model.model.multi_modal_projector(x)


def picture_bias(tiles, sees):
    """(B, 1, T, S): text that `sees` (B, T) attends to used tiles, text before it to all."""
    unused = ~tiles.bool().repeat_interleave(TILES_OUT, 1)
    return (sees[:, :, None] & unused[:, None, :])[:, None] * NEVER


def cross_keys(attention, states, c):
    """Keys and values (B, heads, S, d) of a cross-attention layer."""
    k = rms_norm(heads(attention.k_proj(states), c.num_key_value_heads), attention.k_norm)
    v = heads(attention.v_proj(states), c.num_key_value_heads)
    return k, v


def cross_layer(layer, x, keys, bias, sees, c):
    a = layer.cross_attn
    y = rms_norm(x, layer.input_layernorm)
    q = rms_norm(heads(a.q_proj(y), c.num_attention_heads), a.q_norm)
    y = a.o_proj(attend(q, *keys, bias))
    x = x + layer.cross_attn_attn_gate.tanh() * y
    y = feed_forward(layer.mlp, rms_norm(x, layer.post_attention_layernorm))
    return x + layer.cross_attn_mlp_gate.tanh() * y * sees[:, :, None]


def feed_forward(mlp, x):
    return mlp.down_proj(F.silu(mlp.gate_proj(x)) * mlp.up_proj(x))


def self_layer(layer, x, cos, sin, bias, held, c):
    """`held(k, v)` gives all keys and values so far."""
    a = layer.self_attn
    y = rms_norm(x, layer.input_layernorm)
    q = rotate(heads(a.q_proj(y), c.num_attention_heads), cos, sin)
    k = rotate(heads(a.k_proj(y), c.num_key_value_heads), cos, sin)
    k, v = held(k, heads(a.v_proj(y), c.num_key_value_heads))
    x = x + a.o_proj(attend(q, k, v, bias))
    return x + feed_forward(layer.mlp, rms_norm(x, layer.post_attention_layernorm))


def text_states(model, ids, keys, cos, sin, self_bias, cross_bias, sees, cache=None):
    """Hidden states (B, T, D) of ids (B, T): the last, normed, and those before the last layer.

    keys[i] are cross layer i's; `sees` (B, T) is 1 where the picture is seen; cache(i) holds keys
    and values of self layer i over steps, None where there is one step.
    """
    text = model.model.language_model
    c = text.config
    x = text.embed_tokens(ids)
    for i, layer in enumerate(text.layers):
        before = x
        if i in c.cross_attention_layers:
            x = cross_layer(layer, x, keys[i], cross_bias, sees, c)
        else:
            held = cache(i) if cache else lambda k, v: (k, v)
            x = self_layer(layer, x, cos, sin, self_bias, held, c)
    return rms_norm(x, text.norm), before


def all_cross_keys(model, states):
    """Every cross layer's keys and values, by its index."""
    text = model.model.language_model
    c = text.config
    return {i: cross_keys(text.layers[i].cross_attn, states, c) for i in c.cross_attention_layers}


def states_of(model, batch, cos, sin):
    """`text_states` of a batch."""
    states = picture_states(model, batch["pixels"], batch["ratio"], batch["tiles"])
    states = states[batch["picture"]]
    n = batch["ids"].shape[1]
    sees = (torch.arange(n) >= batch["image_at"])[None].expand(batch["ids"].shape)
    causal = torch.full((n, n), NEVER).triu(1)
    return text_states(model, batch["ids"], all_cross_keys(model, states), cos, sin, causal,
                       picture_bias(batch["tiles"][batch["picture"]], sees), sees)
