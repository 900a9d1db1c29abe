"""The MLP, with a learnt vector for each device, and how it is trained."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn

from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator


class Schedule(NamedTuple):
    """How to train.

    Attributes:
        epochs: Passes over the rows.
        learning_rate: Of AdamW in the beginning; it falls as half a cosine.
        batch_size: Rows a step.
        steps: Steps at most.
    """

    epochs: int
    learning_rate: float
    batch_size: int = 128
    steps: int = 3000


class Network(nn.Module):
    """Layers of equal width on columns and a device's vector.

    Args:
        columns: Columns of an architecture.
        devices: Devices that have a vector; a further one waits for the new device.
        width: Width of layers.
        depth: Hidden layers.
        embedding: Length of a device's vector; 0 for none.
    """

    def __init__(self, columns: int, devices: int, width: int, depth: int, embedding: int) -> None:
        super().__init__()
        self.devices = nn.Embedding(devices + 1, embedding) if embedding else None
        sizes = [columns + embedding, *[width] * depth]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))

    def forward(self, columns: torch.Tensor, device: torch.Tensor) -> torch.Tensor:
        """Return labels, [n], for columns [n, columns] and numbers of devices [n]."""
        if self.devices is not None:
            columns = torch.cat([columns, self.devices(device)], dim=1)
        said: torch.Tensor = self.layers(columns).squeeze(1)
        return said


def train(
    network: Network,
    columns: np.ndarray,
    device: np.ndarray,
    labels: np.ndarray,
    schedule: Schedule,
    seed: int,
) -> None:
    """Minimise the absolute error by AdamW.

    Args:
        network: Is changed.
        columns: float64 [n, columns].
        device: Number of the device of each row, int64 [n].
        labels: Standardised, float64 [n].
        schedule: How to train.
        seed: Seed of the order of rows.
    """
    x, d, y = _tensors(network, columns, device, labels)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=schedule.learning_rate, weight_decay=5e-4, fused=True
    )
    batches = list(_batches(len(y), schedule, np.random.default_rng(seed)))
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, len(batches)))
    with one_thread():
        for batch in batches:
            rows = torch.from_numpy(batch).to(x.device)
            optimizer.zero_grad()
            torch.autograd.backward((network(x[rows], d[rows]) - y[rows]).abs().mean())
            optimizer.step()
            rate.step()


def say(network: Network, columns: np.ndarray, device: int) -> np.ndarray:
    """Return what a network says of rows on one device, float64 [n]."""
    x, d, _ = _tensors(
        network, columns, np.full(len(columns), device, dtype=np.int64), np.zeros(len(columns))
    )
    with torch.no_grad(), one_thread():
        said: np.ndarray = network(x, d).double().cpu().numpy()
    return said


def _batches(count: int, schedule: Schedule, rng: np.random.Generator) -> Iterator[np.ndarray]:
    steps = 0
    for _ in range(schedule.epochs):
        order = rng.permutation(count)
        for start in range(0, count, schedule.batch_size):
            if steps == schedule.steps:
                return
            steps += 1
            yield order[start : start + schedule.batch_size]


def _tensors(
    network: Network, columns: np.ndarray, device: np.ndarray, labels: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    where = next(network.parameters()).device
    return (
        torch.as_tensor(columns, dtype=torch.float32, device=where),
        torch.as_tensor(device, dtype=torch.int64, device=where),
        torch.as_tensor(labels, dtype=torch.float32, device=where),
    )
