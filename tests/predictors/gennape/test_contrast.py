"""The contrastive loss against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from nape_bench.predictors.gennape.contrast import contrastive_loss, pair_weights


@pytest.fixture
def spectra() -> torch.Tensor:
    once = torch.tensor([[0.0, 0.1, 0.3], [0.0, 0.2, 0.2], [0.0, 0.1, 0.9]], dtype=torch.float64)
    return once.repeat(2, 1)


@pytest.fixture
def views() -> torch.Tensor:
    drawn = np.random.default_rng(0).normal(size=(6, 4))
    return functional.normalize(torch.from_numpy(drawn), dim=1)


def weights_by_loop(spectra: np.ndarray, temperature: float) -> np.ndarray:
    weights = np.zeros((len(spectra), len(spectra)))
    for i, mine in enumerate(spectra):
        for j, other in enumerate(spectra):
            if i != j:
                weights[i, j] = math.exp(-math.dist(mine, other) / temperature)
        weights[i] /= weights[i].sum()
    return weights


def test_weights(spectra: torch.Tensor) -> None:
    weights = pair_weights(spectra, 0.05)
    np.testing.assert_allclose(weights, weights_by_loop(spectra.numpy(), 0.05), rtol=1e-12)
    np.testing.assert_allclose(weights.sum(dim=1), 1)
    # The other view of the same graph weighs most.
    assert weights.argmax(dim=1).tolist() == [3, 4, 5, 0, 1, 2]


def test_loss(spectra: torch.Tensor, views: torch.Tensor) -> None:
    z, weights = views.numpy(), weights_by_loop(spectra.numpy(), 0.05)
    total = 0.0
    for i in range(6):
        others = sum(math.exp(z[i] @ z[k] / 0.1) for k in range(6) if k != i)
        for j in range(6):
            if j != i:
                total -= weights[i, j] * math.log(math.exp(z[i] @ z[j] / 0.1) / others)
    loss = contrastive_loss(views, pair_weights(spectra, 0.05), 0.1)
    assert loss.item() == pytest.approx(total / 6)


def test_with_all_weight_on_the_other_view_it_is_simclrs(views: torch.Tensor) -> None:
    weights = torch.eye(6, dtype=torch.float64).roll(3, dims=0)
    likeness = (views @ views.T / 0.1).fill_diagonal_(-torch.inf)
    wanted = functional.cross_entropy(likeness, torch.tensor([3, 4, 5, 0, 1, 2]))
    assert contrastive_loss(views, weights, 0.1).item() == pytest.approx(wanted.item())


def test_gradients_are_finite(spectra: torch.Tensor, views: torch.Tensor) -> None:
    z = views.float().requires_grad_()
    torch.autograd.backward(contrastive_loss(z, pair_weights(spectra.float(), 0.05), 0.1))
    assert z.grad is not None
    assert torch.isfinite(z.grad).all()
    assert z.grad.abs().sum() > 0
