"""Heads against plain loops over clusters and pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nape_bench.predictors.gennape.heads import PairMLP, SoftMLP
from nape_bench.predictors.gennape.training import Schedule, train_heads


@pytest.fixture
def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(3), size=5)
    return torch.tensor(rng.normal(size=(5, 4))).float(), torch.tensor(shares).float()


def test_soft_mlp_is_a_weighted_sum_of_mlps(drawn: tuple[torch.Tensor, torch.Tensor]) -> None:
    x, shares = drawn
    model = SoftMLP(3, (4, 6))
    first, last = model.layers
    wanted = []
    for row, share in zip(x, shares, strict=True):
        said = [
            torch.relu(row @ first.weight[c] + first.bias[c, 0]) @ last.weight[c] + last.bias[c, 0]
            for c in range(3)
        ]
        wanted.append(sum(share[c] * said[c][0] for c in range(3)))
    torch.testing.assert_close(model(x, shares), torch.stack(wanted))


def test_a_head_is_that_of_its_cluster(drawn: tuple[torch.Tensor, torch.Tensor]) -> None:
    x, _ = drawn
    model = SoftMLP(3, (4, 6))
    alone = [model(x, torch.eye(3)[c].expand(5, 3)) for c in range(3)]
    third = model(x, torch.full((5, 3), 1 / 3))
    torch.testing.assert_close(third, sum(alone) / 3)
    assert not torch.allclose(alone[0], alone[1])


def test_pair_mlp_by_loops(drawn: tuple[torch.Tensor, torch.Tensor]) -> None:
    x, shares = drawn
    model = PairMLP(3, 4, 6)

    def said(a: torch.Tensor, b: torch.Tensor, c: int) -> torch.Tensor:
        inside = a @ model.first.weight[c] + model.first.bias[c, 0]
        inside = inside + b @ model.second.weight[c] + model.second.bias[c, 0]
        return torch.relu(inside) @ model.out[c]

    logits = model(x, shares, x[:2], shares[:2])
    assert logits.shape == (5, 2)
    for i in range(5):
        for j in range(2):
            wanted = sum(
                (shares[i, c] + shares[j, c]) / 2 * (said(x[i], x[j], c) - said(x[j], x[i], c))
                for c in range(3)
            )
            torch.testing.assert_close(logits[i, j], wanted)


def test_logits_change_sign_with_the_order(drawn: tuple[torch.Tensor, torch.Tensor]) -> None:
    x, shares = drawn
    model = PairMLP(3, 4, 6)
    logits = model(x, shares, x, shares)
    torch.testing.assert_close(logits, -logits.T)
    torch.testing.assert_close(model.among(x, shares), logits)


def trained(epochs: int | None, quality: list[float] | None = None) -> tuple[float, int]:
    """Return the weight of a model of one weight, which rises by about .1 a step, and the steps."""
    model = SoftMLP(1, (1,))
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    steps = []

    def loss_of(rows: torch.Tensor) -> torch.Tensor:
        steps.append(sorted(rows.tolist()))
        return -model(torch.ones(len(rows), 1), torch.ones(len(rows), 1)).mean()

    told = iter(quality or ())
    check = None if quality is None else lambda: next(told)
    train_heads(model, loss_of, 5, Schedule(epochs, 2, 0.1, 0.0), seed=0, quality=check)
    assert sorted(row for batch in steps[:3] for row in batch) == [0, 1, 2, 3, 4]
    return model.layers[0].weight.item(), len(steps)


def test_epochs_are_as_many_as_few_rows_need() -> None:
    assert trained(2)[1] == 6
    assert trained(None)[1] == 1200


def test_the_best_epoch_is_kept() -> None:
    after_two = trained(2)[0]
    assert trained(4)[0] > after_two
    assert trained(4, [0.1, 0.5, 0.3, 0.5])[0] == pytest.approx(after_two)
