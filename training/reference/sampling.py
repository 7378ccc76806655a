"""Samples continuations from a model in training, hundreds of rows at a time."""

import torch
from batches import pictures
from forward import (
    NEVER,
    all_cross_keys,
    picture_bias,
    picture_states,
    products,
    rotation,
    text_states,
)

ROWS = 512  # sampled side by side
MOST_TOKENS = 200  # of an answer; known ones have up to 190


class Held:
    """Keys and values of self layers over steps, (B, heads, length, d) with room for all of them.
    """

    def __init__(self, rows, length):
        self.rows, self.length, self.at = rows, length, 0
        self.keys, self.values = {}, {}

    def __call__(self, layer):
        def hold(k, v):
            if layer not in self.keys:
                shape = (self.rows, k.shape[1], self.length, k.shape[3])
                self.keys[layer], self.values[layer] = k.new_zeros(shape), v.new_zeros(shape)
            end = self.at + k.shape[2]
            self.keys[layer][:, :, self.at:end] = k
            self.values[layer][:, :, self.at:end] = v
            return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]
        return hold


def pick(scores, temperature, top_p, generator):
    """One token a row of scores (B, vocabulary): the likeliest at temperature 0, else from the
    nucleus.
    """
    if temperature == 0:
        return scores.argmax(-1)
    chances, tokens = torch.softmax(scores.float() / temperature, -1).sort(-1, descending=True)
    chances[chances.cumsum(-1) - chances > top_p] = 0
    return tokens.gather(1, torch.multinomial(chances, 1, generator=generator)).squeeze(1)


class Sampler:
    """Samples answers to prompts about pictures; the same calls give the same samples."""

    def __init__(self, model, encoder, temperature=1.0, top_p=0.98, seed=0):
        self.model, self.encoder = model, encoder
        self.temperature, self.top_p = temperature, top_p
        self.generator = torch.Generator().manual_seed(seed)

    @torch.no_grad()
    def see(self, images):
        """What the text attends to of each picture: states (P, S, D) and used tiles (P, tiles)."""
        seen = pictures(images)
        with products():
            return picture_states(self.model, **seen), seen["tiles"]

    @torch.no_grad()
    def scores(self, prompts, states, tiles):
        """Logits (B, vocabulary) of what follows each prompt."""
        with products():
            return self._start(prompts, states, tiles, 0)[0]

    @torch.no_grad()
    def answers(self, prompts, states, tiles, most=MOST_TOKENS):
        """Token ids that follow each prompt, up to the end of turn."""
        with products():
            return self._sample(prompts, states, tiles, most)

    def _start(self, prompts, states, tiles, room):
        lengths = torch.tensor([len(p) for p in prompts])
        n = int(lengths.max())
        ids = torch.full((len(prompts), n), self.encoder.pad)
        for k, prompt in enumerate(prompts):
            ids[k, : len(prompt)] = torch.tensor(prompt)
        sees = (torch.arange(n) >= self.encoder.image_at)[None].expand(ids.shape)
        held = Held(len(prompts), n + room)
        keys = all_cross_keys(self.model, states)
        x, _ = text_states(self.model, ids, keys, *rotation(self.model, torch.arange(n)[None]),
                           torch.full((n, n), NEVER).triu(1), picture_bias(tiles, sees), sees, held)
        last = x[torch.arange(len(prompts)), lengths - 1]
        return self.model.lm_head(last), lengths, n, keys, held

    def _sample(self, prompts, states, tiles, most):
        scores, lengths, n, keys, held = self._start(prompts, states, tiles, most)
        rows = len(prompts)
        sees = torch.ones(rows, 1, dtype=torch.bool)
        cross = picture_bias(tiles, sees)
        # Slots between a prompt's end and the longest one's hold nothing.
        bias = torch.zeros(rows, 1, 1, n + most)
        for k, length in enumerate(lengths):
            bias[k, ..., int(length):n] = NEVER
        outs, open_rows = [[] for _ in prompts], set(range(rows))
        for step in range(most):
            tokens = pick(scores, self.temperature, self.top_p, self.generator)
            for k in list(open_rows):
                if tokens[k] == self.encoder.end:
                    open_rows.remove(k)
                else:
                    outs[k].append(int(tokens[k]))
            if not open_rows or step == most - 1:
                return outs
            held.at = n + step
            x, _ = text_states(self.model, tokens[:, None], keys,
                               *rotation(self.model, (lengths + step)[:, None]),
                               bias[..., : n + step + 1], cross, sees, held)
            scores = self.model.lm_head(x[:, 0])
        return outs
