"""Training of heads on embeddings that stay as they are."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

EPOCHS, STEPS = 40, 1200
"""Epochs where none are asked for: the paper's, or as many as make these steps."""


class Schedule(NamedTuple):
    """How to train.

    Attributes:
        epochs: Passes over the graphs; None: 40, or as many as make 1,200 steps where that is more.
        batch_size: Graphs a step.
        learning_rate: AdamW's.
        weight_decay: AdamW's.
    """

    epochs: int | None
    batch_size: int
    learning_rate: float
    weight_decay: float


def train_heads(
    model: nn.Module,
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    rows: int,
    how: Schedule,
    *,
    seed: int,
    quality: Callable[[], float] | None = None,
) -> None:
    """Minimise a loss over batches of rows.

    Args:
        model: Is changed.
        loss_of: Row numbers, int64 [batch] on the processor -> the loss of these.
        rows: Number of rows.
        how: How to train.
        seed: Seed of the order of rows.
        quality: What is highest in the best epoch, whose weights are kept (the first of equals);
            None keeps the last.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay, fused=True
    )
    steps = math.ceil(rows / how.batch_size)
    best, weights = -math.inf, None
    with one_thread():
        for _ in range(how.epochs if how.epochs is not None else max(EPOCHS, STEPS // steps)):
            for batch in np.array_split(rng.permutation(rows), steps):
                loss = loss_of(torch.from_numpy(batch))
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
            if quality is not None and (now := quality()) > best:
                best, weights = now, deepcopy(model.state_dict())
    if weights is not None:
        model.load_state_dict(weights)
