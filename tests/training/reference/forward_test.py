"""The lean forward pass against Hugging Face's own, on the reference checkpoint."""

import pathlib
import random
import sys
import unittest

import torch

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "training" / "reference"))
from architecture import load_model  # noqa: E402
from batches import Encoder, collate  # noqa: E402
from forward import has_bfloat16, picture_states, products, rotation, states_of  # noqa: E402
from rows import Shares  # noqa: E402
from sampling import Sampler  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

CHECKPOINT = SOURCE / "models" / "reference"
ENCODER = Encoder(Tokenizer.from_file(str(CHECKPOINT / "tokenizer.json")))
MODEL = load_model(CHECKPOINT).eval()
CLOSE = 0.5  # of logits some 20 apart; fp32 and bfloat16 of Hugging Face's own differ by 0.15


def theirs(batch, states):
    """Hugging Face's logits in fp32, from the same picture states."""
    ids, used = batch["ids"], batch["tiles"][batch["picture"]]
    sees = torch.zeros(*ids.shape, 1, used.shape[1], dtype=torch.long)
    sees[:, batch["image_at"]:, 0] = used[:, None].long()
    return MODEL(input_ids=ids, attention_mask=(ids != ENCODER.pad).long(),
                 cross_attention_mask=sees, cross_attention_states=states.float()).logits


class Forward(unittest.TestCase):
    @torch.no_grad()
    def test_logits_are_hugging_faces(self):
        shares = Shares(ENCODER, 1, caption=0.2, drawn=0.4)
        batch = collate(ENCODER, [row for _ in range(8) for row in shares.draw()])
        with products():
            states = picture_states(MODEL, batch["pixels"], batch["ratio"], batch["tiles"])
            positions = torch.arange(batch["ids"].shape[1])[None]
            ours = MODEL.lm_head(states_of(MODEL, batch, *rotation(MODEL, positions))[0])
        known = batch["ids"] != ENCODER.pad
        difference = (ours.float() - theirs(batch, states[batch["picture"]]))[known].abs()
        self.assertLess(difference.max(), CLOSE)

    @torch.no_grad()
    def test_the_last_vision_layer_is_hugging_faces(self):
        shares = Shares(ENCODER, 2)
        batch = collate(ENCODER, [row for _ in range(8) for row in shares.draw()])
        seen = []
        projector = MODEL.model.multi_modal_projector
        hook = projector.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
        with products():
            picture_states(MODEL, batch["pixels"], batch["ratio"], batch["tiles"])
        hook.remove()
        known = MODEL.model.vision_model(
            pixel_values=batch["pixels"][:, None], aspect_ratio_ids=batch["ratio"][:, None],
            aspect_ratio_mask=batch["tiles"][:, None].long())[0].flatten(1, 3)
        # What follows the last layer's output are layers in between; transformers 4.55 errs there.
        width = MODEL.config.vision_config.hidden_size
        used = batch["tiles"].bool().repeat_interleave(17, 1)
        difference = (seen[0][..., :width] - known[..., :width])[used].abs()
        self.assertLess(difference.max(), 0.1 * known[..., :width][used].abs().max())


class Processors(unittest.TestCase):
    def test_one_without_products_of_bfloat16_computes_in_fp32(self):
        self.assertFalse(has_bfloat16({"avx2": True, "avx512_f": True, "avx512_bf16": False}))
        self.assertFalse(has_bfloat16({}))

    def test_one_with_products_of_bfloat16_uses_them(self):
        self.assertTrue(has_bfloat16({"avx512_bf16": True, "amx_bf16": False}))
        self.assertTrue(has_bfloat16({"amx_bf16": True}))


class Sampling(unittest.TestCase):
    def test_rows_of_different_lengths_get_what_they_get_alone(self):
        samples = [Shares(ENCODER, seed).mixture.sample(random.Random(seed)) for seed in range(8)]
        sampler = Sampler(MODEL, ENCODER, temperature=0)
        prompts = [ENCODER.prompt(s.question) for s in samples]
        together = sampler.answers(prompts, *sampler.see([s.image for s in samples]))
        alone = [sampler.answers([p], *sampler.see([s.image]))[0]
                 for p, s in zip(prompts, samples, strict=True)]
        same = sum(a == b for a, b in zip(together, alone, strict=True))
        self.assertGreaterEqual(same, 7)  # rounding may turn a near-tie


if __name__ == "__main__":
    unittest.main()
