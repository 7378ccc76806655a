"""What training makes small: the tokens' likelihood, and hints for the judge."""

import torch
import torch.nn.functional as F
from forward import products, states_of
from rows import CHOICE

RARE = torch.tensor(4.0)  # weight of a token that errs, among those that do not


class Hints(torch.nn.Module):
    """Tells which tokens of judged texts err, by the states before the last layer; for training.

    The last layer then has a verdict to read off. A verdict alone, one bit a duel, does not lead
    the layers below to looking for errors.
    """

    def __init__(self, width):
        super().__init__()
        self.wrong = torch.nn.Linear(width, 1)

    def forward(self, batch, states):
        """Mean binary cross-entropy over the judged texts' tokens, of states (B, T, D)."""
        labels = batch["wrong"]
        known = labels >= 0
        if not known.any():
            return torch.zeros(())
        return F.binary_cross_entropy_with_logits(self.wrong(states[known].float()).squeeze(-1),
                                                  labels[known], pos_weight=RARE)


def loss_of(model, hints, batch, cos, sin):
    """Mean negative log-likelihood of the tokens, by their weights; the hints' loss; and the share
    of verdicts that are right, NaN where the batch has none.
    """
    with products():
        last, before = states_of(model, batch, cos, sin)
        weights = batch["weights"][:, 1:]
        told = weights > 0
        scores = model.lm_head(last[:, :-1][told]).float()
    # The picture's id, which has no score, weighs nothing.
    ids = batch["ids"][:, 1:][told]
    losses = F.cross_entropy(scores, ids, reduction="none")
    weights = weights[told]
    digits = weights == CHOICE
    right = (scores[digits].argmax(-1) == ids[digits]).float().mean()
    return (losses * weights).sum() / weights.sum(), hints(batch, before), right
