"""Meta-learning of a regression over devices, of first order (Finn et al., ICML 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from nape_bench.predictors.multi_predict.network import Network

Weights = dict[str, torch.Tensor]


class MetaSchedule(NamedTuple):
    """How to train.

    Attributes:
        steps: Steps of meta-training, one device each.
        learning_rate: Adam's, there.
        inner_steps: Steps of adaptation to a device.
        inner_learning_rate: Of plain gradient descent, there.
        support: Networks that are adapted on.
        query: Networks that the adapted weights are scored on.
    """

    steps: int
    learning_rate: float = 1e-3
    inner_steps: int = 5
    inner_learning_rate: float = 0.02
    support: int = 20
    query: int = 64


def meta_train(
    network: Network, columns: np.ndarray, labels: np.ndarray, schedule: MetaSchedule, seed: int
) -> None:
    """Train weights from which a few labels of a device lead to good ones.

    Args:
        network: Is changed.
        columns: Of each network and device, float64 [networks, devices, columns].
        labels: Standardised, float64 [networks, devices], NaN where there is none.
        schedule: How to train.
        seed: Seed of devices and networks.
    """
    rng = np.random.default_rng(seed)
    where = next(network.parameters()).device
    optimizer = torch.optim.Adam(network.parameters(), lr=schedule.learning_rate)
    there = [np.flatnonzero(np.isfinite(column)) for column in labels.T]
    with one_thread():
        for _ in range(schedule.steps):
            device = int(rng.integers(labels.shape[1]))
            wanted = min(schedule.support + schedule.query, len(there[device]))
            rows = rng.choice(there[device], wanted, replace=False)
            x = torch.as_tensor(columns[rows, device], dtype=torch.float32, device=where)
            y = torch.as_tensor(labels[rows, device], dtype=torch.float32, device=where)
            few = min(schedule.support, wanted // 2 or 1)
            adapted = adapt(network, x[:few], y[:few], schedule)
            error = (_say(network, adapted, x[few:]) - y[few:]).square().mean()
            optimizer.zero_grad()
            found = torch.autograd.grad(error, list(adapted.values()))
            for weight, gradient in zip(network.parameters(), found, strict=True):
                weight.grad = gradient
            optimizer.step()


def adapt(network: Network, x: torch.Tensor, y: torch.Tensor, schedule: MetaSchedule) -> Weights:
    """Return weights after some steps of gradient descent on a few labels."""
    weights = {name: part.detach().requires_grad_() for name, part in network.named_parameters()}
    for _ in range(schedule.inner_steps):
        error = (_say(network, weights, x) - y).square().mean()
        found = torch.autograd.grad(error, list(weights.values()))
        weights = {
            name: (part - schedule.inner_learning_rate * gradient).detach().requires_grad_()
            for (name, part), gradient in zip(weights.items(), found, strict=True)
        }
    return weights


def _say(network: Network, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    device = torch.zeros(len(x), dtype=torch.int64, device=x.device)
    said: torch.Tensor = torch.func.functional_call(network, weights, (x, device))
    return said
