"""The optimizers of training: Muon beside PyTorch's own."""

import pathlib
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import torch

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "training" / "reference"))
from optimizers import MUON_RATE, Muon, Optimizers, orthogonal  # noqa: E402

SHAPES = ((24, 64), (64, 24), (48, 48))


class Layers(torch.nn.Module):
    """Matrices of layers, a matrix of none and a vector."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(32, 16) for _ in range(3))
        self.embedding = torch.nn.Embedding(8, 32)


def with_gradients(weights, generator):
    for weight in weights:
        weight.grad = torch.randn(weight.shape, generator=generator)


class Orthogonal(unittest.TestCase):
    def test_takes_singular_values_to_about_one_and_keeps_the_vectors(self):
        for shape in SHAPES[:2]:
            matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
            u, _, v = torch.linalg.svd(matrix, full_matrices=False)
            turned = u.T @ orthogonal(matrix).float() @ v.T
            values = turned.diagonal()
            self.assertTrue(((values > 0.6) & (values < 1.3)).all(), values)
            self.assertLess((turned - values.diag()).abs().max(), 0.05)

    def test_a_gradient_of_zeros_stays(self):
        self.assertTrue((orthogonal(torch.zeros(4, 8)) == 0).all())


class TakesAStep(unittest.TestCase):
    def test_where_pytorchs_muon_does(self):
        ours = [torch.nn.Parameter(torch.randn(s)) for s in SHAPES]
        theirs = [torch.nn.Parameter(w.detach().clone()) for w in ours]
        before = [w.detach().clone() for w in ours]
        one, two = Muon(ours), torch.optim.Muon(theirs, lr=0.01, weight_decay=0.05,
                                                adjust_lr_fn="match_rms_adamw")
        one.param_groups[0]["lr"] = 0.01
        for seed in range(3):
            for weights in (ours, theirs):
                with_gradients(weights, torch.Generator().manual_seed(seed))
            one.step()
            two.step()
        for old, our, their in zip(before, ours, theirs, strict=True):
            moved = (their - old).norm()
            self.assertGreater(moved, 0.1)
            self.assertLess((our - their).norm(), 0.02 * moved)

    def test_by_muon_for_the_layers_matrices_and_by_adamw_for_the_others(self):
        model, head = Layers(), torch.nn.Linear(32, 1)
        with ThreadPoolExecutor(2) as threads:
            optimizers = Optimizers(model, head.parameters(), threads, 2)
            places = [[tuple(w.shape) for group in one.param_groups for w in group["params"]]
                      for one in optimizers.all]
            self.assertCountEqual(places[0], [(8, 32), (1, 32), (16,), (16,), (16,), (1,)])
            self.assertEqual(places[1:], [[(16, 32)] * 2, [(16, 32)]])
            weights = [*model.parameters(), *head.parameters()]
            with_gradients(weights, torch.Generator().manual_seed(1))
            before = [w.detach().clone() for w in weights]
            optimizers.step(0.01)
        self.assertTrue(all((new != old).any() for new, old in zip(weights, before, strict=True)))
        self.assertEqual(optimizers.all[1].param_groups[0]["lr"], MUON_RATE * 0.01)

    def test_not_for_weights_without_gradients(self):
        model = Layers()
        with ThreadPoolExecutor(2) as threads:
            optimizers = Optimizers(model, [], threads, 2)
            with_gradients(model.embedding.parameters(), torch.Generator().manual_seed(1))
            before = [w.detach().clone() for w in model.layers.parameters()]
            optimizers.step(0.01)
            optimizers.clear()
        for new, old in zip(model.layers.parameters(), before, strict=True):
            self.assertTrue((new == old).all())
        self.assertIsNone(model.embedding.weight.grad)


if __name__ == "__main__":
    unittest.main()
