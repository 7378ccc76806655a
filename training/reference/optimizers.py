"""What takes the steps of training: Muon for the layers' matrices, AdamW for all else."""

import torch
from forward import PRODUCTS

# Of a quintic whose iterates take singular values to about 1, and how many of them:
# https://kellerjordan.github.io/posts/muon
QUINTIC, ITERATES = (3.4445, -4.7750, 2.0315), 5
MUON_RATE = 2.0  # to AdamW's


def orthogonal(matrix):
    """A matrix (M, N) of about the same singular vectors, with singular values of about 1."""
    a, b, c = QUINTIC
    x = (matrix.T if matrix.shape[0] > matrix.shape[1] else matrix).to(PRODUCTS)
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(ITERATES):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if matrix.shape[0] > matrix.shape[1] else x


class Muon(torch.optim.Optimizer):
    """Steps along the orthogonalized momentum, as long as AdamW's usually are.

    torch.optim.Muon with "match_rms_adamw", but that its products are of bfloat16 only where the
    processor has them. https://arxiv.org/abs/2502.16982, algorithm 2.
    """

    def __init__(self, weights, decay=0.05, momentum=0.95):
        super().__init__(weights, {"lr": 0.0, "decay": decay, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._step(weight, group["lr"], group["decay"], group["momentum"])

    def _step(self, weight, rate, decay, momentum):
        state = self.state[weight]
        mean = state.setdefault("momentum", torch.zeros_like(weight))
        mean.lerp_(weight.grad, 1 - momentum)
        ahead = weight.grad.lerp(mean, momentum)
        weight.mul_(1 - rate * decay)
        length = 0.2 * max(weight.shape) ** 0.5
        weight.add_(orthogonal(ahead).to(weight.dtype), alpha=-length * rate)


def adamw(weights):
    """AdamW, which decays matrices only."""
    matrices = [w for w in weights if w.dim() >= 2]
    vectors = [w for w in weights if w.dim() < 2]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": 0.05},
                              {"params": vectors, "weight_decay": 0.0}],
                             betas=(0.9, 0.98), fused=True)


class Optimizers:
    """Takes a step for all weights: AdamW's, and Muon's in a part for every thread."""

    def __init__(self, model, others, threads, count):
        layers = [w for name, w in model.named_parameters() if "layers." in name and w.dim() == 2]
        rest = set(model.parameters()) - set(layers)
        self.all = [adamw([*rest, *others]), *(Muon(layers[k::count]) for k in range(count))]
        self.threads = threads

    def clear(self):
        for one in self.all:
            one.zero_grad(set_to_none=True)

    def step(self, rate):
        """Along the gradients that there are; `rate` is AdamW's learning rate."""
        for one in self.all:
            for group in one.param_groups:
                group["lr"] = rate * (MUON_RATE if isinstance(one, Muon) else 1.0)
        list(self.threads.map(lambda one: one.step(), self.all))
