"""Sizes and operations of mllama from its shape; a multiply-add is two operations.

The same sums as benchmarks/model_cost.cc, which a test holds against the engine.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Shape:
    """Text model and vision tower; the defaults are LLaVA-o1 11B's (Llama-3.2-11B-Vision)."""

    hidden: int = 4096
    intermediate: int = 14336
    layers: int = 40
    cross_layers: int = 8
    heads: int = 32
    key_value_heads: int = 8
    vocabulary: int = 128256
    vision_hidden: int = 1280
    vision_intermediate: int = 5120
    vision_layers: int = 40  # Local and global.
    kept_states: int = 5
    tiles: int = 4
    tile_side: int = 560
    patch: int = 14
    number_bytes: int = 2  # bfloat16

    @property
    def self_layers(self):
        return self.layers - self.cross_layers

    @property
    def key_value_width(self):
        """Numbers of one token's keys and values in one layer."""
        return 2 * self.hidden // self.heads * self.key_value_heads

    @property
    def shared_weights(self):
        """Of any layer: q, o and the MLP."""
        return 2 * self.hidden**2 + 3 * self.hidden * self.intermediate

    @property
    def layer_weights(self):
        """What the row of a token is multiplied with, head left out."""
        return (self.layers * self.shared_weights
                + self.self_layers * self.hidden * self.key_value_width)

    @property
    def head_weights(self):
        return self.vocabulary * self.hidden

    @property
    def image_key_value_weights(self):
        return self.cross_layers * self.hidden * self.key_value_width

    @property
    def image_rows(self):
        """Rows of a picture's features: every stored tile's patches and its class token."""
        return self.tiles * self.tile_rows

    @property
    def tile_rows(self):
        return (self.tile_side // self.patch) ** 2 + 1

    # Bytes.

    @property
    def token_bytes(self):
        """Keys and values of one token of text."""
        return self.self_layers * self.key_value_width * self.number_bytes

    @property
    def image_bytes(self):
        """Cross-attention keys and values of a picture of all tiles."""
        return self.cross_layers * self.image_rows * self.key_value_width * self.number_bytes

    @property
    def feature_bytes(self):
        """A picture's features, as Redis holds them."""
        return self.image_rows * self.hidden * self.number_bytes

    @property
    def step_bytes(self):
        """Weights that a decode step reads, whatever it holds."""
        return (self.layer_weights + self.head_weights) * self.number_bytes

    @property
    def text_bytes(self):
        """Weights that a generator or judge holds: the step's, the embedding, the picture's."""
        embedding = (self.vocabulary + 8) * self.hidden
        return self.step_bytes + (embedding + self.image_key_value_weights) * self.number_bytes

    # Operations.

    def prefill_operations(self, tokens, context=0.0):
        """Layers over `tokens` rows that see `context` tokens before them, and a whole picture."""
        pairs = (self.self_layers * tokens * (context + (tokens + 1) / 2)
                 + self.cross_layers * tokens * self.image_rows)
        return 2 * tokens * self.layer_weights + 4 * pairs * self.hidden

    @property
    def head_operations(self):
        return 2 * self.head_weights

    @property
    def image_operations(self):
        """A picture's features to keys and values of the cross layers."""
        return 2 * self.image_rows * self.image_key_value_weights

    @property
    def vision_weights(self):
        """Of the linear layers, norms and tables of positions left out."""
        return self.vision_layers * self.vision_layer_weights + self.projector_weights

    @property
    def vision_layer_weights(self):
        return 4 * self.vision_hidden**2 + 2 * self.vision_hidden * self.vision_intermediate

    @property
    def projector_weights(self):
        return self.vision_hidden * (1 + self.kept_states) * self.hidden

    @property
    def encode_operations(self):
        """Vision tower and projector of a picture that fills all tiles."""
        live = self.image_rows
        rows = self.tiles * -(-self.tile_rows // 8) * 8
        pairs = live * rows + (rows - live) * live
        layer = 2 * rows * self.vision_layer_weights + 4 * pairs * self.vision_hidden
        patches = self.tiles * (self.tile_rows - 1)
        embedding = 2 * patches * self.vision_hidden * 3 * self.patch**2
        return embedding + self.vision_layers * layer + 2 * live * self.projector_weights


LLAVA_O1 = Shape()
