"""Rows of token ids and pictures as tensors."""

import numpy as np
import torch
from architecture import RATIOS, TILE, TILES

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
IGNORED = -100


class Encoder:
    """Prompts and answers as token ids, laid out as the checkpoint's chat template has them."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        of = tokenizer.token_to_id
        self.bos, self.end, self.pad = (
            of("<|begin_of_text|>"), of("<|eot_id|>"), of("<|finetune_right_pad_id|>"))
        self.image = of("<|image|>")
        self.head, self.head_end = of("<|start_header_id|>"), of("<|end_header_id|>")
        # Every prompt begins alike, so the picture stands at one place.
        self.image_at = self.prompt("").index(self.image)

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def text(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=True)

    def header(self, role):
        return [self.head, *self.ids(role), self.head_end, *self.ids("\n\n")]

    def prompt(self, text):
        return [self.bos, *self.header("user"), self.image, *self.ids(text), self.end,
                *self.header("assistant")]


def tiles(image):
    """Tiles (4, 3, 64, 64), aspect ratio's id and tile count of a picture of whole tiles."""
    width, height = image.size
    rows, columns = height // TILE, width // TILE
    a = (np.asarray(image, np.float32) / 255.0 - MEAN) / STD
    a = a.reshape(rows, TILE, columns, TILE, 3).transpose(0, 2, 4, 1, 3)
    out = np.zeros((TILES, 3, TILE, TILE), np.float32)
    out[: rows * columns] = a.reshape(-1, 3, TILE, TILE)
    return out, RATIOS.index([rows, columns]) + 1, rows * columns


def pictures(images):
    """pixels (P, 4, 3, 64, 64), ratio (P,) and tiles (P, 4) of a list of pictures."""
    cut = [tiles(image) for image in images]
    used = np.array([[k < count for k in range(TILES)] for _, _, count in cut], np.float32)
    return {"pixels": torch.from_numpy(np.stack([pixels for pixels, _, _ in cut])),
            "ratio": torch.tensor([ratio for _, ratio, _ in cut]),
            "tiles": torch.from_numpy(used)}


def padded(rows, fill):
    """Lists of numbers as one array (B, longest), filled up to a multiple of 16 on the right."""
    length = -(-max(map(len, rows)) // 16) * 16
    out = np.full((len(rows), length), fill)
    for k, row in enumerate(rows):
        out[k, : len(row)] = row
    return out


def collate(encoder, rows):
    """A batch of `rows.Row`s; a picture that several rows share is encoded once."""
    images = list({id(row.image): row.image for row in rows}.values())
    place = {id(image): k for k, image in enumerate(images)}
    return {**pictures(images),
            "picture": torch.tensor([place[id(row.image)] for row in rows]),
            "image_at": encoder.image_at,
            "ids": torch.from_numpy(padded([row.ids for row in rows], encoder.pad)),
            "weights": torch.from_numpy(padded([row.weights for row in rows], 0.0)).float(),
            "wrong": torch.from_numpy(padded([row.wrong for row in rows], IGNORED)).float()}
